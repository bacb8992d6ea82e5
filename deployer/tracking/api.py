"""Where Sentry and Bugsink call when something is wrong with an application."""

import base64
import binascii
import hashlib
import hmac
from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from deployer.access.problems import NotReady
from deployer.integrations.connections import read_secret
from deployer.integrations.errors import Unavailable
from deployer.integrations.http import json_object
from deployer.tracking.actions import NotFollowedError, receive
from deployer.tracking.models import TrackedProject, Tracker
from deployer.tracking.payloads import PayloadError, Report, read_bugsink, read_sentry

SENTRY_RESOURCE = "Sentry-Hook-Resource"
SENTRY_SIGNATURE = "Sentry-Hook-Signature"


class TakenOut(serializers.Serializer[dict[str, Any]]):
    """Whether the report was of use, and why not."""

    taken = serializers.BooleanField()
    detail = serializers.CharField()


class SentryHook(APIView):
    """What an internal integration of Sentry's calls; its signature is its sign-in."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="sentry_hook", request=OpenApiTypes.OBJECT, responses={200: TakenOut})
    def post(self, request: Request, connection: str) -> Response:
        """Take an issue, issue alert or error webhook of Sentry's.

        It must carry Sentry-Hook-Signature, the HMAC-SHA256 of the body with the integration's client secret. A webhook
        of another kind, or of a project that no application follows, is answered with `taken: false`.
        """
        body = request._request.body
        _check_sentry(request._request, _secret(Tracker.SENTRY, connection), body)
        resource = request.headers.get(SENTRY_RESOURCE, "")
        content = _content(body)
        try:
            report = read_sentry(resource, content, now=timezone.now())
        except PayloadError as error:
            raise ValidationError({"body": [str(error)]}) from error
        return _take(Tracker.SENTRY, connection, report)


class BugsinkHook(APIView):
    """What Bugsink's custom messaging service calls; the password in its address is its sign-in."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(operation_id="bugsink_hook", request=OpenApiTypes.OBJECT, responses={200: TakenOut})
    def post(self, request: Request, connection: str) -> Response:
        """Take a message of Bugsink's custom messaging service.

        Bugsink doesn't sign what it sends. It sends the user name and the password of the address that it was given as
        HTTP Basic authentication: the password must be the connection's secret, whatever the user name.
        """
        body = request._request.body
        _check_password(request._request, _secret(Tracker.BUGSINK, connection))
        try:
            report = read_bugsink(_content(body), now=timezone.now())
        except PayloadError as error:
            raise ValidationError({"body": [str(error)]}) from error
        return _take(Tracker.BUGSINK, connection, report)


def _secret(tracker: Tracker, connection: str) -> str:
    """Only of connections that a tracked project names, so that a caller can't try out the others."""
    if not TrackedProject.objects.filter(tracker=tracker, connection=connection).exists():
        raise NotFound(f"No project of {tracker.label} is followed by the connection {connection!r}.")
    try:
        return read_secret(connection)
    except Unavailable as error:
        raise NotReady(str(error)) from error


def _check_sentry(request: HttpRequest, secret: str, body: bytes) -> None:
    expected = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    given = request.headers.get(SENTRY_SIGNATURE, "")
    if not hmac.compare_digest(expected.encode(), given.encode("utf-8", "replace")):
        raise PermissionDenied(
            f"{SENTRY_SIGNATURE} is missing or not this body's: is the connection's secret the integration's client "
            "secret?"
        )


def _check_password(request: HttpRequest, secret: str) -> None:
    scheme, _, encoded = request.headers.get("Authorization", "").partition(" ")
    try:
        given = base64.b64decode(encoded.strip(), validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        given = b""
    if scheme.lower() != "basic" or not hmac.compare_digest(given, secret.encode()):
        raise PermissionDenied(
            "The password is missing or wrong: give Bugsink the address as "
            "https://deployer:<the connection's secret>@<host>/…, the secret URL-encoded."
        )


def _content(body: bytes) -> dict[str, Any]:
    content = json_object(body)
    if content is None:
        raise ValidationError({"body": ["It must be a JSON object."]})
    return content


def _take(tracker: Tracker, connection: str, report: Report | None) -> Response:
    """A tracker that is refused for what it can't help stops calling: so it is told, and nothing is refused."""
    if report is None:
        return Response({"taken": False, "detail": "It tells nothing of an error that is followed here."})
    try:
        error = receive(tracker=tracker, connection=connection, report=report)
    except NotFollowedError as refused:
        return Response({"taken": False, "detail": str(refused)})
    return Response({"taken": True, "detail": f"It belongs to {error.project.application}."})
