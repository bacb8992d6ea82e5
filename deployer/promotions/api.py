"""What CI and other programs call."""

import time
from typing import Any

from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied, ValidationError
from rest_framework.pagination import CursorPagination
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, covered
from apps_registry.models import Application
from deployer.access.api import ScopePermission, actor_of
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.access.problems import Conflict, NotReady
from deployer.integrations.config import load_config
from deployer.integrations.connections import read_secret
from deployer.integrations.deploy.webhook import WebhookDeployer
from deployer.integrations.errors import Unavailable
from deployer.integrations.signing import SIGNATURE_HEADER, TIMESTAMP_HEADER, SignatureError, verify
from deployer.promotions import serializers
from deployer.promotions.actions.call_back import call_back
from deployer.promotions.actions.register import register
from deployer.promotions.models import Promotion, Step, StepKind
from deployer.promotions.standing import standings
from deployer.releases.actions import NewChange, NewRelease, ReleaseRefusedError


class Releases(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.RELEASES_WRITE

    @extend_schema(request=serializers.ReleaseIn, responses={201: OpenApiTypes.OBJECT, 200: OpenApiTypes.OBJECT})
    @idempotent
    def post(self, request: Request) -> Response:
        """Register a release; Deployer takes it from there.

        201 with the release and the promotions that it started. The same release again is 200 and changes
        nothing; the same version with another commit is 409.
        """
        given = serializers.ReleaseIn(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        application = values.pop("application")
        check_covered(request, application)
        changes = [NewChange(**change) for change in values.pop("changes", [])]
        new = NewRelease(**values, changes=changes)
        try:
            release, promotions, is_new = register(application=application, new=new, by=actor_of(request))
        except ReleaseRefusedError as error:
            raise Conflict(str(error)) from error
        body = serializers.release_out(release) | {
            "promotions": [serializers.promotion_out(promotion) for promotion in promotions]
        }
        return Response(body, status=201 if is_new else 200)


class ApplicationPages(CursorPagination):
    ordering = "slug"
    page_size = 100


class Applications(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(operation_id="list_applications", responses=OpenApiTypes.OBJECT)
    def get(self, request: Request) -> Response:
        """The applications that the caller may see, by slug, a hundred to a page."""
        pages = ApplicationPages()
        found = pages.paginate_queryset(covered(request).select_related("owner"), request, view=self) or []
        return pages.get_paginated_response([serializers.application_out(one) for one in found])


class ApplicationDetail(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, slug: str) -> Response:
        """What of an application is live where, what moves, what waits and why, and what is on hold."""
        found = Application.objects.select_related("owner").filter(slug=slug).first()
        if found is None:
            raise NotFound(f"There is no application {slug!r}; GET /api/v1/applications lists them.")
        check_covered(request, found)
        return Response(serializers.standing_out(standings([found])[0]))


class PromotionDetail(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, pk: int) -> Response:
        """A promotion with its steps and the newest measurements of each, newest first."""
        promotion = promotion_of(request, pk)
        steps = [serializers.step_out(step) for step in promotion.steps.all()]
        return Response(serializers.promotion_out(promotion) | {"steps": steps})


def promotion_of(request: Request, pk: int) -> Promotion:
    """Raises NotFound, and PermissionDenied when the caller's token may not be used for its application."""
    promotion = Promotion.objects.with_names().filter(pk=pk).first()
    if promotion is None:
        raise NotFound(f"There is no promotion {pk}.")
    check_covered(request, promotion.application)
    return promotion


class DeployCallback(APIView):
    """Where a webhook backend reports the end of a deploy; its signature is its sign-in."""

    authentication_classes = []
    permission_classes = [AllowAny]

    @extend_schema(request=OpenApiTypes.OBJECT, responses={204: None})
    def post(self, request: Request, key: str) -> Response:
        """Report how the deploy with this key went. Reporting again changes nothing."""
        step = get_object_or_404(Step, key=key, kind=StepKind.DEPLOY, spec__kind=WebhookDeployer.kind)
        body = request._request.body
        _check_signature(request, step, body)
        try:
            call_back(step=step, body=body)
        except Unavailable as error:
            raise ValidationError({"body": [str(error)]}) from error
        return Response(status=204)


def _check_signature(request: Request, step: Step, body: bytes) -> None:
    config = load_config(WebhookDeployer.Config, step.spec["config"])
    try:
        secret = read_secret(config.connection)
    except Unavailable as error:
        raise NotReady(str(error)) from error
    try:
        verify(
            secret,
            timestamp=request.headers.get(TIMESTAMP_HEADER, ""),
            signature=request.headers.get(SIGNATURE_HEADER, ""),
            body=body,
            now=time.time(),
        )
    except SignatureError as error:
        raise PermissionDenied(str(error)) from error
