"""Pins and vetoes by the API: list, place, end."""

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, rights_of_caller, target_of, within_reach
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.promotions.actions.pins import pin, unpin
from deployer.promotions.actions.vetoes import veto, withdraw_veto
from deployer.promotions.models import Pin, Veto
from deployer.web.calendar.api.pages import page_of, page_schema
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals
from deployer.web.pins.serializers import PinFilters, PinIn, PinOut, VetoFilters, VetoIn, VetoOut
from deployer.web.promoting.api import release_of
from deployer.web.promoting.serializers import WhyIn


class Pins(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="list_pins", parameters=[PinFilters], responses=page_schema("PinPage", PinOut))
    def get(self, request: Request) -> Response:
        """The pins of what the caller may see, the newest first, a hundred to a page."""
        filters = PinFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        values: dict[str, Any] = filters.validated_data
        check_covered(request, *values.get("application", ()))
        pins = within_reach(request, _pins(), application="target__application")
        if "application" in values:
            pins = pins.filter(target__application__in=values["application"])
        if "environment" in values:
            pins = pins.filter(target__environment__in=values["environment"])
        if values["standing"] is not None:
            pins = pins.filter(removed_at__isnull=values["standing"])
        page = page_of(pins, request, values.get("cursor"), by="placed_at", newest_first=True)
        return Response(page.answer(PinOut(page.rows, many=True).data))

    @extend_schema(operation_id="place_pin", request=PinIn, responses={201: PinOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Let nothing but one release come to an application's target. It deploys nothing by itself."""
        given = PinIn(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        application = values["application"]
        check_covered(request, application)
        target = target_of(application.slug, values["environment"].slug)
        release = release_of(application, values["version"], field="version")
        with refusals():
            made = pin(target=target, release=release, rights=rights_of_caller(request), reason=values["reason"])
        return Response(PinOut(_pins().get(pk=made.pk)).data, status=201)


class PinRemoval(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="remove_pin", request=WhyIn, responses={200: PinOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Remove a pin: what waits for it goes on."""
        found = _pins().filter(pk=pk).first()
        if found is None:
            raise NotFound(f"There is no pin {pk}.")
        check_covered(request, found.target.application)
        given = WhyIn(data=request.data)
        given.is_valid(raise_exception=True)
        with refusals():
            unpin(pin=found, rights=rights_of_caller(request), reason=given.validated_data["reason"])
        return Response(PinOut(_pins().get(pk=pk)).data)


class Vetoes(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="list_vetoes", parameters=[VetoFilters], responses=page_schema("VetoPage", VetoOut))
    def get(self, request: Request) -> Response:
        """The vetoes of what the caller may see, the newest first, a hundred to a page."""
        filters = VetoFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        values: dict[str, Any] = filters.validated_data
        check_covered(request, *values.get("application", ()))
        vetoes = within_reach(request, _vetoes(), application="release__application")
        if "application" in values:
            vetoes = vetoes.filter(release__application__in=values["application"])
        if values["standing"] is not None:
            vetoes = vetoes.filter(withdrawn_at__isnull=values["standing"])
        page = page_of(vetoes, request, values.get("cursor"), by="placed_at", newest_first=True)
        return Response(page.answer(VetoOut(page.rows, many=True).data))

    @extend_schema(operation_id="place_veto", request=VetoIn, responses={201: VetoOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Never deploy a release again, in any environment, rollbacks included. What waits to bring it is aborted."""
        given = VetoIn(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        application = values["application"]
        check_covered(request, application)
        release = release_of(application, values["version"], field="version")
        with refusals():
            made = veto(release=release, rights=rights_of_caller(request), reason=values["reason"])
        return Response(VetoOut(_vetoes().get(pk=made.pk)).data, status=201)


class VetoWithdrawal(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="withdraw_veto", request=WhyIn, responses={200: VetoOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Withdraw a veto: the release can be asked for again."""
        found = _vetoes().filter(pk=pk).first()
        if found is None:
            raise NotFound(f"There is no veto {pk}.")
        check_covered(request, found.release.application)
        given = WhyIn(data=request.data)
        given.is_valid(raise_exception=True)
        with refusals():
            withdraw_veto(veto=found, rights=rights_of_caller(request), reason=given.validated_data["reason"])
        return Response(VetoOut(_vetoes().get(pk=pk)).data)


def _pins() -> QuerySet[Pin]:
    return Pin.objects.select_related("target__application__owner", "target__environment", "release")


def _vetoes() -> QuerySet[Veto]:
    return Veto.objects.select_related("release__application__owner")
