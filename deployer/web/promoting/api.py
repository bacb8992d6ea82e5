"""Promotions by the API: ask for one, abort it, roll back."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, rights_of_caller, target_of
from apps_registry.models import Application
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.api import promotion_of
from deployer.promotions.models import Promotion, PromotionKind
from deployer.promotions.serializers import promotion_out
from deployer.releases.models import Release
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals
from deployer.web.promoting.serializers import PromotionIn, PromotionOut, RollBackIn, WhyIn


class Promotions(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(
        operation_id="promote",
        request=PromotionIn,
        responses={201: PromotionOut, 200: PromotionOut, CONFLICT: RefusalOut},
    )
    @idempotent
    def post(self, request: Request) -> Response:
        """Ask for a promotion by hand: it starts, or waits for the blockers that it shows.

        201 with a new one. Where the same release waits there already that one becomes the caller's: 200.
        """
        given = PromotionIn(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        application: Application = values["application"]
        check_covered(request, application)
        target = target_of(application.slug, values["environment"].slug)
        release, rights = release_of(application, values["version"], field="version"), rights_of_caller(request)
        waits = Promotion.objects.waiting().filter(release=release, target=target, kind=PromotionKind.FORWARD).exists()
        with refusals():
            rights.need_work_on(application, to="promote it")
            promotion = promote(release=release, target=target, by=rights.actor, reason=values.get("reason", ""))
        return Response(promotion_as_it_is(promotion.pk), status=200 if waits else 201)


class PromotionAbort(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="abort_promotion", request=WhyIn, responses={200: PromotionOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Abort a promotion: at once while it waits or checks; a deploy that has begun is asked to stop."""
        promotion = promotion_of(request, pk)
        given = WhyIn(data=request.data)
        given.is_valid(raise_exception=True)
        rights = rights_of_caller(request)
        with refusals():
            rights.need_work_on(promotion.application, to="abort this promotion")
            abort(promotion=promotion, by=rights.actor, reason=given.validated_data["reason"])
        return Response(promotion_as_it_is(pk))


class RollBack(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="roll_back", request=RollBackIn, responses={201: PromotionOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request, slug: str, environment: str) -> Response:
        """Roll back to the last release that was verified there, or to the one that is named; leaves a hold."""
        target = target_of(slug, environment)
        check_covered(request, target.application)
        given = RollBackIn(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        to = release_of(target.application, values["to"], field="to") if "to" in values else None
        rights = rights_of_caller(request)
        with refusals():
            rights.need_work_on(target.application, to="roll it back")
            promotion = roll_back(target=target, by=rights.actor, reason=values["reason"], to=to)
        return Response(promotion_as_it_is(promotion.pk), status=201)


def promotion_as_it_is(pk: int) -> dict[str, Any]:
    """What an action returns may not be all of it."""
    return promotion_out(Promotion.objects.with_names().get(pk=pk))


def release_of(application: Application, version: str, *, field: str) -> Release:
    """Raises ValidationError, naming the field, for a version that the application doesn't have."""
    release = application.releases.select_related("application").filter(version=version).first()
    if release is None:
        raise serializers.ValidationError({field: [f"{application} has no release {version!r}."]})
    return release
