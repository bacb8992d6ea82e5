"""`Idempotency-Key`: a write that is sent again is answered again, and not done again.

The key is claimed first, in a short transaction of its own. Then the write and its answer are committed together, if
the claim is still the newest: whatever dies in between, both are there or neither is.
"""

import hashlib
import json
import re
from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.db import DatabaseError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployer.access.api import actor_of
from deployer.access.models import KeyedCall
from deployer.access.problems import CONTENT_TYPE, Conflict, Unprocessable

HEADER = "Idempotency-Key"
REPLAYED = "Idempotent-Replayed"
KEPT = timedelta(hours=24)
"""For so long the same answer is given again."""

_Method = Callable[..., Response]


class InProgress(Conflict):
    """409: another call with this key is under way, or has just taken this one's place. Never kept as an answer."""

    wait = 1

    def __init__(self) -> None:
        super().__init__(f"A call with this {HEADER} is in progress: send it again in a moment to get its answer.")


def idempotent(method: _Method) -> _Method:
    """Has a view's write answer the same `Idempotency-Key` with what it answered first, for a day.

    Without the header nothing is asked of the database. An answer below 500 is kept, refusals too: to try again for
    another answer, send another key.
    """

    @wraps(method)
    def answer(view: APIView, request: Request, *args: Any, **kwargs: Any) -> Response:
        key = request.headers.get(HEADER)
        if key is None:
            return method(view, request, *args, **kwargs)
        call = claim(_name(request, _checked(key)), _content(request), now=timezone.now())
        if call.status is not None:
            return _replay(call)
        return perform(call, view, lambda: method(view, request, *args, **kwargs))

    parameter = OpenApiParameter(
        HEADER, str, OpenApiParameter.HEADER, description="The same key again is not done again, for a day."
    )
    return extend_schema(parameters=[parameter])(answer)


def claim(name: str, content: str, *, now: datetime) -> KeyedCall:
    """The call, answered, or claimed for its caller to do.

    Raises InProgress while someone else's claim lasts, Unprocessable when the key came with another content.
    """
    fresh = {
        "content": content,
        "claimed_until": now + timedelta(seconds=settings.LEASE_SECONDS),
        "expires_at": now + KEPT,
    }
    with transaction.atomic(durable=True):
        call, is_new = KeyedCall.objects.get_or_create(name=name, defaults=fresh)
        if is_new:
            return call
        if call.expires_at > now:
            if call.content != content:
                raise Unprocessable(f"This {HEADER} was used for something else: send a new one with each new call.")
            if call.status is not None:
                return call
            if call.claimed_until > now:
                raise InProgress
        return _take_over(call, fresh)


def _take_over(call: KeyedCall, fresh: dict[str, Any]) -> KeyedCall:
    """Of one that died, or is too old to count."""
    seen = KeyedCall.objects.filter(pk=call.pk, claim=call.claim, status=call.status)
    call.claim, call.status = call.claim + 1, None
    if seen.update(claim=call.claim, status=None, answer="", **fresh) != 1:
        raise InProgress
    return call


def perform(call: KeyedCall, view: APIView, write: Callable[[], Response]) -> Response:
    """Do what was claimed, and keep its answer in the same transaction.

    Raises InProgress, with nothing done, when it took longer than its claim and another has taken over.
    """
    try:
        with transaction.atomic():
            response = _answered(view, write)
            if response.status_code < HTTPStatus.INTERNAL_SERVER_ERROR:
                _keep(call, response)
                return response
            transaction.set_rollback(True)
    except BaseException:
        # What could not be asked for the write can't be asked for this either; then the claim ends by itself.
        with suppress(DatabaseError):
            _mine(call).delete()
        raise
    _mine(call).delete()
    return response


def _mine(call: KeyedCall) -> QuerySet[KeyedCall]:
    return KeyedCall.objects.filter(pk=call.pk, claim=call.claim, status=None)


def _keep(call: KeyedCall, response: Response) -> None:
    """Raises InProgress when the claim is no longer the newest: then the write must not stay either."""
    answer = JSONRenderer().render(response.data).decode()
    if _mine(call).update(status=response.status_code, answer=answer) != 1:
        raise InProgress


def _answered(view: APIView, write: Callable[[], Response]) -> Response:
    """What the write answers, or the problem that it raised, of which nothing is left in the database. Anything that is
    no answer to the caller is raised on."""
    try:
        with transaction.atomic():
            return write()
    except Exception as error:  # noqa: BLE001 — DRF's handler raises what it has no answer for
        return view.handle_exception(error)


def _replay(call: KeyedCall) -> Response:
    data = json.loads(call.answer) if call.answer else None
    is_problem = call.status is not None and call.status >= HTTPStatus.BAD_REQUEST
    return Response(
        data, status=call.status, headers={REPLAYED: "true"}, content_type=CONTENT_TYPE if is_problem else None
    )


def _checked(header: str) -> str:
    key = header.strip(" \t")
    if not re.fullmatch(r"[\x20-\x7e]{1,255}", key):
        raise ParseError(f"{HEADER}: give 1 to 255 printable ASCII characters, such as a UUID, or leave it out.")
    return key


def _name(request: Request, key: str) -> str:
    by = actor_of(request)
    return _digest(json.dumps([by.kind, by.ref, request.method, request.path, key]).encode())


def _content(request: Request) -> str:
    return _digest(request.META.get("QUERY_STRING", "").encode() + b"\0" + request.body)


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
