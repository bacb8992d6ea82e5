"""Slots by the API: list, book, change, cancel, override."""

from collections.abc import Collection
from typing import Any

from django.db.models import Q, QuerySet
from drf_spectacular.utils import PolymorphicProxySerializer, extend_schema
from rest_framework.exceptions import NotFound, PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from apps_registry.callers import check_covered, covered, is_limited, rights_of_caller
from deployer.access.api import ScopePermission
from deployer.access.idempotency import idempotent
from deployer.access.models.api_token import Scope
from deployer.calendar.actions.series import Booked, book_series
from deployer.calendar.actions.slots import SlotChange, book, cancel, change, override_slot
from deployer.calendar.models import Slot, SlotApplication
from deployer.calendar.models.slot import LONGEST
from deployer.web.calendar.api.overrides import OverrideIn, OverrideOut, new_override
from deployer.web.calendar.api.pages import page_of, page_schema
from deployer.web.calendar.api.refusals import CONFLICT, RefusalOut, blockers_out, refusals
from deployer.web.calendar.api.slot_serializers import (
    ReasonIn,
    SeriesOut,
    SlotChangeIn,
    SlotFilters,
    SlotIn,
    SlotOut,
    check_length,
    find_releases,
)

BOOKED = PolymorphicProxySerializer(
    component_name="Booked", serializers=[SlotOut, SeriesOut], resource_type_field_name=None
)


class Slots(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.SLOTS_WRITE
    people_write = True

    @extend_schema(operation_id="list_slots", parameters=[SlotFilters], responses=page_schema("SlotPage", SlotOut))
    def get(self, request: Request) -> Response:
        """The slots that the caller may see, by their start, a hundred to a page. Filters may be repeated."""
        filters = SlotFilters(data=request.query_params)
        filters.is_valid(raise_exception=True)
        values: dict[str, Any] = filters.validated_data
        check_covered(request, *values.get("application", ()))
        page = page_of(_filtered(_visible(request), values), request, values.get("cursor"), by="starts_at")
        return Response(page.answer(slots_out(page.rows, request)))

    @extend_schema(request=SlotIn, responses={201: BOOKED, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request) -> Response:
        """Book a slot, or recurring ones.

        Refused with every reason at once, in `blockers`, and the `next_free` time. A recurring booking answers with the
        slots that are booked so far, and the times that could not be.
        """
        given = SlotIn(data=request.data)
        given.is_valid(raise_exception=True)
        new, rights, recurrence = given.new_slot(), rights_of_caller(request), given.validated_data.get("recurrence")
        check_covered(request, *new.applications)
        with refusals():
            if recurrence:
                return Response(_series_out(book_series(first=new, **recurrence, rights=rights), request), status=201)
            slot = book(new=new, rights=rights, overrides=given.new_overrides())
        return Response(_slot_out(slot.pk, request), status=201)


class SlotDetail(APIView):
    permission_classes = [ScopePermission]
    write_scope = Scope.SLOTS_WRITE
    people_write = True

    @extend_schema(responses=SlotOut)
    def get(self, request: Request, pk: int) -> Response:
        """A slot."""
        return Response(_slot_out(_find(request, pk).pk, request))

    @extend_schema(request=SlotChangeIn, responses={200: SlotOut, CONFLICT: RefusalOut})
    @idempotent
    def patch(self, request: Request, pk: int) -> Response:
        """Move, extend or edit a slot. With the `sequence` that was seen, another's change meanwhile is not undone."""
        slot = _find(request, pk)
        given = SlotChangeIn(data=request.data)
        given.is_valid(raise_exception=True)
        to = _changed(slot, given.validated_data)
        with refusals():
            change(slot=slot, to=to, rights=rights_of_caller(request))
        return Response(_slot_out(slot.pk, request))

    @extend_schema(parameters=[ReasonIn], responses={200: SlotOut, CONFLICT: RefusalOut})
    @idempotent
    def delete(self, request: Request, pk: int) -> Response:
        """Cancel a slot. It stays to be seen, as cancelled. The reason may be in the address or in the body."""
        slot = _find(request, pk)
        given = ReasonIn(data=request.data if request.body else request.query_params)
        given.is_valid(raise_exception=True)
        with refusals():
            cancel(slot=slot, rights=rights_of_caller(request), reason=given.validated_data.get("reason", ""))
        return Response(_slot_out(slot.pk, request))


class SlotOverrides(APIView):
    """There is no scope for this: an override is a person's."""

    permission_classes = [ScopePermission]
    write_scope = None
    people_write = True

    @extend_schema(request=OverrideIn, responses={201: OverrideOut, CONFLICT: RefusalOut})
    @idempotent
    def post(self, request: Request, pk: int) -> Response:
        """Let what is promoted in a slot pass one named blocker, until the slot's end at most."""
        slot, new = _find(request, pk), new_override(request)
        with refusals():
            override = override_slot(slot=slot, new=new, rights=rights_of_caller(request))
        return Response(OverrideOut(override).data, status=201)


def _visible(request: Request) -> QuerySet[Slot]:
    """A limited token sees those that have one of its applications."""
    slots = Slot.objects.with_names()
    if not is_limited(request):
        return slots
    return slots.filter(pk__in=SlotApplication.objects.filter(application__in=covered(request)).values("slot"))


def _filtered(slots: QuerySet[Slot], values: dict[str, Any]) -> QuerySet[Slot]:
    whose = Q()
    if "application" in values:
        whose &= Q(application__in=values["application"])
    if "team" in values:
        whose &= Q(application__owner__in=values["team"])
    if whose:
        slots = slots.filter(pk__in=SlotApplication.objects.filter(whose).values("slot"))
    if "environment" in values:
        slots = slots.filter(environment__in=values["environment"])
    if "state" in values:
        slots = slots.filter(state__in=values["state"])
    if "from" in values:
        slots = slots.filter(ends_at__gt=values["from"], starts_at__gt=values["from"] - LONGEST)
    if "to" in values:
        slots = slots.filter(starts_at__lt=values["to"])
    return slots


def _find(request: Request, pk: int) -> Slot:
    slot = Slot.objects.with_names().filter(pk=pk).first()
    if slot is None:
        raise NotFound(f"There is no slot {pk}.")
    if is_limited(request) and not _visible(request).filter(pk=pk).exists():
        raise PermissionDenied(f"This token may not be used for the applications of slot {pk}.")
    return slot


def _changed(slot: Slot, values: dict[str, Any]) -> SlotChange:
    """The slot as it is to become. What isn't said is as it was read, which counts only if nobody changes it first."""
    bookings = list(slot.bookings.all())
    releases = None
    if "releases" in values:
        merged = {one.application_id: one.release for one in bookings}
        merged |= find_releases({one.application.slug: one.application for one in bookings}, values["releases"])
        releases = {pk: release for pk, release in merged.items() if release}
    names = ("starts_at", "ends_at", "exclusive", "notes", "watched_by", "sequence")
    to = SlotChange(**{name: values.get(name, getattr(slot, name)) for name in names}, releases=releases)
    check_length(to.starts_at, to.ends_at)
    return to


def _seen(request: Request) -> Collection[int] | None:
    """The ids of the applications that the caller may see; None for all."""
    return set(covered(request).values_list("pk", flat=True)) if is_limited(request) else None


def slots_out(slots: Collection[Slot], request: Request) -> list[dict[str, Any]]:
    return list(SlotOut(list(slots), many=True, context={"seen": _seen(request)}).data)


def _slot_out(pk: int, request: Request) -> dict[str, Any]:
    """As it is now: what an action returns may not have all of it."""
    return slots_out([Slot.objects.with_names().get(pk=pk)], request)[0]


def _series_out(booked: Booked, request: Request) -> dict[str, Any]:
    slots = Slot.objects.with_names().filter(pk__in=[slot.pk for slot in booked.slots])
    return {
        "series": booked.series.pk,
        "booked_until": booked.series.booked_until,
        "slots": slots_out(slots, request),
        "refused": [
            {"starts_at": span.start, "ends_at": span.end, "blockers": blockers_out(blockers)}
            for span, blockers in booked.refused
        ],
    }
