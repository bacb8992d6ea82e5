"""Errors of the API as problem details (RFC 9457)."""

import sys
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig, TooManyFieldsSent
from django.db import DataError, InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template import loader
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

CONTENT_TYPE = "application/problem+json"


class Conflict(exceptions.APIException):
    """409: what is asked contradicts what is already so. `members` are told beside the detail (RFC 9457, 3.2)."""

    status_code = HTTPStatus.CONFLICT
    default_code = "conflict"

    def __init__(self, detail: str, **members: Any) -> None:
        super().__init__(detail)
        self.members = members


class Unprocessable(exceptions.APIException):
    """422: well formed, and yet nothing can be made of it."""

    status_code = HTTPStatus.UNPROCESSABLE_ENTITY
    default_code = "unprocessable"


class TooLarge(exceptions.APIException):
    """413: more than is read."""

    status_code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    default_code = "too_large"


class NotReady(exceptions.APIException):
    """503: the operator has something to set before this can be answered."""

    status_code = HTTPStatus.SERVICE_UNAVAILABLE
    default_code = "not_ready"


def problem_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: every error has type, title, status and detail; bad input also lists its fields."""
    if isinstance(error, DataError):
        # Only PostgreSQL says so: a zero character, or a number beyond its columns, in an address or a cursor.
        error = exceptions.ParseError("It holds a character or a number that can't be looked up.")
    if isinstance(error, TooManyFieldsSent):
        error = exceptions.ParseError(f"Give at most {settings.DATA_UPLOAD_MAX_NUMBER_FIELDS:,} parameters.")
    if isinstance(error, RequestDataTooBig):
        error = TooLarge(f"The body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE:,} bytes.")
    response = exception_handler(error, context)
    if response is None:
        return None
    status = HTTPStatus(response.status_code)
    body: dict[str, Any] = {"type": "about:blank", "title": status.phrase, "status": status.value}
    if isinstance(error, exceptions.ValidationError):
        body["errors"] = [
            {"field": _writable(field), "message": _writable(message)} for field, message in _flatten(error.detail)
        ]
        body["detail"] = " ".join(f"{item['field']}: {item['message']}" for item in body["errors"])
    else:
        body["detail"] = _writable(_detail(error))
    response.data = body | getattr(error, "members", {})
    response.content_type = CONTENT_TYPE
    return response


def _detail(error: Exception) -> str:
    if isinstance(error, Http404):
        return str(error.args[0]) if error.args else "There is nothing at this address."
    if isinstance(error, PermissionDenied):
        return str(error) or "You may not do this."
    if isinstance(error, exceptions.NotAuthenticated):
        return "Say who calls: send the header Authorization: Bearer <token>, or sign in."
    assert isinstance(error, exceptions.APIException)  # noqa: S101 — DRF's handler answers for no other kind
    return str(error.detail)


def _flatten(detail: Any, path: str = "") -> Iterator[tuple[str, str]]:
    """(field path, message) pairs of DRF's nested error lists: `changes[0].author`, say."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            yield from _flatten(inner, _within(path, name))
    elif isinstance(detail, list):
        for index, inner in enumerate(detail):
            nested = isinstance(inner, dict | list)
            yield from _flatten(inner, f"{path}[{index}]" if nested else path)
    else:
        yield path or "body", str(detail)


def _within(path: str, name: str | int) -> str:
    """DRF numbers the items of a list by integers."""
    if isinstance(name, int):
        return f"{path}[{name}]"
    return path if name == "non_field_errors" else f"{path}.{name}".strip(".")


def _writable(text: str) -> str:
    """With what was sent in half (a lone surrogate of JSON) escaped: no answer could be written with it."""
    return text.encode(errors="backslashreplace").decode()


def server_error(request: HttpRequest) -> HttpResponse:
    """500: a problem to programs, a page to people; 503 where it is the database that does not answer."""
    away = isinstance(sys.exc_info()[1], OperationalError | InterfaceError)
    status = HTTPStatus.SERVICE_UNAVAILABLE if away else HTTPStatus.INTERNAL_SERVER_ERROR
    if request.path.startswith("/api/"):
        detail = "The database does not answer." if away else "Deployer made a mistake."
        body = {"type": "about:blank", "title": status.phrase, "status": status.value, "detail": detail}
        response: HttpResponse = JsonResponse(body, status=status, content_type=CONTENT_TYPE)
    elif away:
        response = HttpResponse(loader.get_template("503.html").render(), status=status)
    else:
        response = defaults.server_error(request)
    if away:
        response["Retry-After"] = "30"
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """404 for an address under /api/ that no view answers."""
    status = HTTPStatus.NOT_FOUND
    body = {
        "type": "about:blank",
        "title": status.phrase,
        "status": status.value,
        "detail": f"There is nothing at {request.path}; /api/v1/schema lists what there is.",
    }
    return JsonResponse(body, status=status, content_type=CONTENT_TYPE)
