"""Freezes by the API: list, declare, extend, lift."""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, covered, is_limited, rights_of_caller
from apps_registry.models import Application
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.calendar.actions.freezes import (
    NewFreeze,
    caught_slots,
    check_freeze,
    declare,
    extend,
    lift,
    lift_once,
    when,
)
from deployer.calendar.models import Freeze
from deployer.promotions.listeners import caught_promotions, finishing_promotions
from deployer.promotions.serializers import promotion_out
from deployer.web.calendar.api.freeze_serializers import (
    CatchOut,
    FreezeChangeIn,
    FreezeFilters,
    FreezeIn,
    FreezeOut,
    FreezeState,
    LiftIn,
    state_of,
)
from deployer.web.calendar.api.pages import page_of, page_schema
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, refusals
from deployer.web.calendar.api.slots import slots_out


class Freezes(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.FREEZES_WRITE
    people_write = True

    @extend_schema(
        operation_id="list_freezes", parameters=[FreezeFilters], responses=page_schema("FreezePage", FreezeOut)
    )
    def get(self, request: Request) -> Response:
        """The freezes that touch what the caller may see, the latest start first, a hundred to a page."""
        filters = FreezeFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        values: dict[str, Any] = filters.validated_data
        check_covered(request, *values.get("application", ()))
        now = timezone.now()
        freezes = _filtered(_visible(request), values, now)
        page = page_of(freezes, request, values.get("cursor"), by="starts_at", newest_first=True)
        return Response(page.answer(_freezes_out(page.rows, now)))

    @extend_schema(request=FreezeIn, responses={201: FreezeOut, 200: CatchOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Declare a freeze. With `dry_run` nothing is written: it answers 200 with what the freeze would catch."""
        given = FreezeIn(data=request.data)
        given.is_valid(raise_exception=True)
        new, rights, now = given.new_freeze(), rights_of_caller(request), timezone.now()
        with refusals():
            if given.validated_data["dry_run"]:
                check_freeze(new, rights, now)
                return Response(_catch_out(new, request, now))
            freeze = declare(new=new, rights=rights, now=now)
        return Response(_freeze_out(freeze.pk), status=201)


class FreezeDetail(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.FREEZES_WRITE
    people_write = True

    @extend_schema(responses=FreezeOut)
    def get(self, request: Request, pk: int) -> Response:
        """A freeze."""
        return Response(_freeze_out(_find(request, pk).pk))

    @extend_schema(request=FreezeChangeIn, responses={200: FreezeOut, CONFLICT: RefusalOut})
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        """Let a freeze last longer, shorter, or until it is lifted."""
        freeze = _find(request, pk)
        given = FreezeChangeIn(data=request.data)
        given.is_valid(raise_exception=True)
        with refusals():
            extend(freeze=freeze, ends_at=given.validated_data["ends_at"], rights=rights_of_caller(request))
        return Response(_freeze_out(pk))


class FreezeLifting(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.FREEZES_WRITE
    people_write = True

    @extend_schema(request=LiftIn, responses={200: FreezeOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Lift a freeze for good, or one time of a recurring one."""
        freeze = _find(request, pk)
        given = LiftIn(data=request.data)
        given.is_valid(raise_exception=True)
        reason, occurrence = given.validated_data["reason"], given.validated_data.get("occurrence")
        rights = rights_of_caller(request)
        with refusals():
            if occurrence is None:
                lift(freeze=freeze, reason=reason, rights=rights)
            else:
                lift_once(freeze=freeze, occurrence=occurrence, reason=reason, rights=rights)
        return Response(_freeze_out(pk))


def _visible(request: Request) -> QuerySet[Freeze]:
    """A limited token sees those that touch one of its applications."""
    freezes = Freeze.objects.with_scope()
    return freezes.filter(_covering(covered(request))) if is_limited(request) else freezes


def _covering(applications: Iterable[Application] | QuerySet[Application]) -> Q:
    """Those whose scope has one of the applications. By ids, so that none is found twice."""
    ids = [one.pk for one in applications]
    everything = Q(pk__in=Freeze.objects.filter(teams=None, applications=None).values("pk"))
    named = Q(pk__in=Freeze.applications.through.objects.filter(application__in=ids).values("freeze"))
    owned = Q(pk__in=Freeze.teams.through.objects.filter(team__applications__in=ids).values("freeze"))
    return everything | named | owned if ids else Q(pk__in=[])


def _filtered(freezes: QuerySet[Freeze], values: dict[str, Any], now: datetime) -> QuerySet[Freeze]:
    if "application" in values:
        freezes = freezes.filter(_covering(values["application"]))
    if "environment" in values:
        everywhere = Q(pk__in=Freeze.objects.filter(environments=None).values("pk"))
        here = Freeze.environments.through.objects.filter(environment__in=values["environment"]).values("freeze")
        freezes = freezes.filter(everywhere | Q(pk__in=here))
    return freezes.filter(_in_states(values["state"], now)) if "state" in values else freezes


def _in_states(states: Collection[str], now: datetime) -> Q:
    """By the database where it can tell; those that recur and weren't lifted, of which there are few, one by one."""
    once = Q(recurrence="", lifted_at=None)
    found = {
        FreezeState.NOW: once & Q(starts_at__lte=now) & (Q(ends_at=None) | Q(ends_at__gt=now)),
        FreezeState.COMING: once & Q(starts_at__gt=now),
        FreezeState.OVER: Q(lifted_at__isnull=False) | once & Q(ends_at__lte=now),
    }
    recurring = Freeze.objects.filter(lifted_at=None).exclude(recurrence="").with_scope()
    wanted = Q(pk__in=[freeze.pk for freeze in recurring if state_of(freeze, now) in states])
    for state in states:
        wanted |= found[FreezeState(state)]
    return wanted


def _find(request: Request, pk: int) -> Freeze:
    freeze = Freeze.objects.with_scope().filter(pk=pk).first()
    if freeze is None:
        raise NotFound(f"There is no freeze {pk}.")
    if is_limited(request) and not _visible(request).filter(pk=pk).exists():
        raise PermissionDenied(f"This token may not be used for what freeze {pk} is of.")
    return freeze


def _freezes_out(freezes: Collection[Freeze], now: datetime) -> list[dict[str, Any]]:
    return list(FreezeOut(list(freezes), many=True, context={"now": now}).data)


def _freeze_out(pk: int) -> dict[str, Any]:
    """As it is now: what an action returns may not have all of it."""
    return _freezes_out([Freeze.objects.with_scope().get(pk=pk)], timezone.now())[0]


def _catch_out(new: NewFreeze, request: Request, now: datetime) -> dict[str, Any]:
    return {
        "scope": new.scope,
        "when": when(new),
        "slots": slots_out(caught_slots(new, now), request),
        "promotions": [promotion_out(one) for one in caught_promotions(new)],
        "finishing": [promotion_out(one) for one in finishing_promotions(new)],
    }
