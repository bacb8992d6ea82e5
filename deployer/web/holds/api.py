"""Holds by the API: list, look at, place, and the ways out."""

from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, rights_of_caller, within_reach
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.promotions.actions.hold import NewHold, place_hold
from deployer.promotions.models import Hold
from deployer.promotions.models.hold import WayOut
from deployer.promotions.serializers import StrictSerializer
from deployer.web.calendar.api.pages import page_of, page_schema
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals
from deployer.web.holds.serializers import (
    HoldDetailOut,
    HoldFilters,
    HoldIn,
    HoldOut,
    ResolutionIn,
    WayTakenOut,
)
from deployer.web.holds.taking import take
from deployer.web.promoting.api import promotion_as_it_is, release_of
from deployer.web.promoting.serializers import RollBackIn, WhyIn

TAKEN = {200: WayTakenOut, CONFLICT: RefusalOut}


class Holds(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    @extend_schema(operation_id="list_holds", parameters=[HoldFilters], responses=page_schema("HoldPage", HoldOut))
    def get(self, request: Request) -> Response:
        """The holds of what the caller may see, the newest first, a hundred to a page."""
        filters = HoldFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        values: dict[str, Any] = filters.validated_data
        check_covered(request, *values.get("application", ()))
        holds = _filtered(within_reach(request, Hold.objects.with_names()), values)
        page = page_of(holds, request, values.get("cursor"), by="placed_at", newest_first=True)
        return Response(page.answer(HoldOut(page.rows, many=True).data))

    @extend_schema(operation_id="place_hold", request=HoldIn, responses={201: HoldOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Put an application on hold. When this answers nothing newer is started; what runs goes on to its end."""
        given = HoldIn(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        application, safe = values["application"], values.get("newest_safe")
        check_covered(request, application)
        new = NewHold(
            reason=values["reason"],
            contact=values["contact"],
            ends_at=values.get("ends_at"),
            newest_safe=release_of(application, safe, field="newest_safe") if safe else None,
        )
        with refusals():
            hold = place_hold(
                application=application,
                environment=values.get("environment"),
                new=new,
                rights=rights_of_caller(request),
            )
        return Response(_hold_out(hold.pk), status=201)


class HoldDetail(APIView):
    permission_classes = [ScopePermission]

    @extend_schema(operation_id="read_hold", responses=HoldDetailOut)
    def get(self, request: Request, pk: int) -> Response:
        """A hold with the evidence, the release that it stopped, what is live meanwhile, and the ways out."""
        context = {"rights": rights_of_caller(request), "now": timezone.now()}
        return Response(HoldDetailOut(_find(request, pk), context=context).data)


class Way(APIView):
    """One way out. Each has an address of its own, and what it needs."""

    permission_classes = [ScopePermission]
    write_scope = Scope.PROMOTIONS_WRITE
    people_write = True

    def take(self, request: Request, pk: int, way: WayOut, asks: type[StrictSerializer]) -> Response:
        hold = _find(request, pk)
        given = asks(data=request.data)
        given.is_valid(raise_exception=True)
        values: dict[str, Any] = given.validated_data
        words = values["resolution"] if way is WayOut.LIFT else values["reason"]
        to = release_of(hold.application, values["to"], field="to") if "to" in values else None
        with refusals():
            promotion = take(way, hold=hold, rights=rights_of_caller(request), words=words, to=to)
        goes_on = promotion_as_it_is(promotion.pk) if promotion else None
        return Response({"hold": _hold_out(pk), "promotion": goes_on})


class RetryStep(Way):
    @extend_schema(operation_id="retry_step_of_hold", request=WhyIn, responses=TAKEN)
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Try the step again at which it stopped: what had passed is not repeated."""
        return self.take(request, pk, WayOut.RETRY_STEP, WhyIn)


class Retry(Way):
    @extend_schema(operation_id="retry_hold", request=WhyIn, responses=TAKEN)
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Try the promotion that stopped again, whole."""
        return self.take(request, pk, WayOut.RETRY, WhyIn)


class RollBackFrom(Way):
    @extend_schema(operation_id="roll_back_from_hold", request=RollBackIn, responses=TAKEN)
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Roll back to the last release that was verified there, or to the one that is named; leaves another hold."""
        return self.take(request, pk, WayOut.ROLL_BACK, RollBackIn)


class VetoAndGoOn(Way):
    @extend_schema(operation_id="veto_from_hold", request=WhyIn, responses=TAKEN)
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Never deploy the release again, lift the hold, and go on with the newest."""
        return self.take(request, pk, WayOut.VETO, WhyIn)


class FixForward(Way):
    @extend_schema(operation_id="fix_hold_forward", request=WhyIn, responses=TAKEN)
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Let a newer release pass, which lifts the hold by succeeding."""
        return self.take(request, pk, WayOut.FIX_FORWARD, WhyIn)


class Lift(Way):
    @extend_schema(operation_id="lift_hold", request=ResolutionIn, responses=TAKEN)
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Lift the hold, saying what was done about it."""
        return self.take(request, pk, WayOut.LIFT, ResolutionIn)


def _filtered(holds: QuerySet[Hold], values: dict[str, Any]) -> QuerySet[Hold]:
    if "application" in values:
        holds = holds.filter(application__in=values["application"])
    if "environment" in values:
        holds = holds.filter(Q(environment=None) | Q(environment__in=values["environment"]))
    if values["open"] is not None:
        holds = holds.filter(lifted_at__isnull=values["open"])
    return holds


def _find(request: Request, pk: int) -> Hold:
    hold = Hold.objects.with_names().filter(pk=pk).first()
    if hold is None:
        raise NotFound(f"There is no hold {pk}.")
    check_covered(request, hold.application)
    return hold


def _hold_out(pk: int) -> dict[str, Any]:
    """As it is now: what an action returns may not have all of it."""
    return dict(HoldOut(Hold.objects.with_names().get(pk=pk)).data)
