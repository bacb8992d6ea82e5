"""The pages of freezes."""

from itertools import islice
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from apps_registry.rights import Rights
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import (
    NOT_THEIRS,
    FreezeRefusedError,
    check_extendable,
    check_freeze,
    declare,
    extend,
    lift,
    lift_once,
    may_change,
    subject_of,
    when,
)
from deployer.calendar.forms import read_instant
from deployer.calendar.models import Freeze
from deployer.calendar.terms import FrozenTime
from deployer.calendar.words import moment, recurring
from deployer.refusal import RefusedError
from deployer.web.calendar.freezes.catch import MOST_SHOWN, catch_of, onward, reach_of, told_of
from deployer.web.calendar.freezes.forms import ExtendForm, FreezeForm, LiftForm
from deployer.web.calendar.freezes.standing import Phase, ShownFreeze, shown, soonest_first
from deployer.web.calendar.slots.reader import Reader, reader_of

OVER_ON_A_PAGE = 25
TIMES_LISTED = 5


@require_safe
def freezes(request: HttpRequest) -> HttpResponse:
    """What is frozen now, what will be, and what was."""
    reader = reader_of(request)
    going = [shown(one, reader.now) for one in Freeze.objects.touching(reader.now).with_scope()]
    going = soonest_first(one for one in going if not one.phase.is_over)
    ended = Freeze.objects.exclude(pk__in=[one.freeze.pk for one in going]).with_scope()
    over = Paginator(ended.order_by(Coalesce("lifted_at", "ends_at").desc(), "-pk"), OVER_ON_A_PAGE)
    page = over.get_page(request.GET.get("page"))
    context = {
        "now": reader.now,
        "frozen": [one for one in going if one.phase is Phase.FROZEN],
        "coming": [one for one in going if one.phase is Phase.COMING],
        "page": page,
        "over": [shown(one, reader.now) for one in page],
        "may_declare": may_declare(reader.rights),
        "zone": reader.zone,
        "freeze_scope": [],
    }
    return render(request, "web/calendar/freezes.html", context)


def may_declare(rights: Rights) -> bool:
    """Whether there is anything that they may freeze."""
    return rights.manages or bool(rights.teams or rights.applications)


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Two steps, the form and what it would catch. Each button sends all that was typed, and only `confirm` writes."""
    reader = reader_of(request)
    if not may_declare(reader.rights):
        raise PermissionDenied(
            "Only release managers declare freezes, and developers those of their own teams' applications."
        )
    if request.method != "POST":
        return _form_page(request, FreezeForm.for_address(request.GET, reader=reader))
    form = FreezeForm(request.POST, reader=reader)
    if "change" in request.POST or not _is_fine(form):
        return _form_page(request, form)
    if "confirm" not in request.POST:
        return _preview(request, form)
    declared = declare(new=form.new_freeze(), rights=reader.rights, now=reader.now)
    messages.success(request, f"Declared: {declared.scope} is frozen, {when(declared, reader.zone)}.")
    return redirect(declared)


def _is_fine(form: FreezeForm) -> bool:
    if not form.is_valid():
        return False
    try:
        check_freeze(form.new_freeze(), form.reader.rights, form.reader.now)
    except RefusedError as error:
        form.refuse(error)
        return False
    return True


def _form_page(request: HttpRequest, form: FreezeForm) -> HttpResponse:
    context = {"now": form.reader.now, "reader": form.reader, "form": form, "freeze_scope": []}
    return render(request, "web/calendar/freeze_new.html", context)


def _preview(request: HttpRequest, form: FreezeForm) -> HttpResponse:
    reader, freeze = form.reader, form.new_freeze()
    catch = catch_of(freeze, reader.now)
    context = {
        "now": reader.now,
        "reader": reader,
        "form": form,
        "freeze": freeze,
        "starts_later": freeze.starts_at > reader.now,
        "reach": reach_of(freeze),
        "catch": catch,
        "most": MOST_SHOWN,
        "told": told_of(catch, by=reader.rights.actor),
        "recurs": recurring(freeze.recurrence),
        "times": list(islice(freeze.terms.coming(reader.now), TIMES_LISTED)) if freeze.recurrence else [],
        "freeze_scope": [],
    }
    return render(request, "web/calendar/freeze_preview.html", context)


@require_safe
def freeze_page(request: HttpRequest, pk: int) -> HttpResponse:
    reader, found = reader_of(request), _found(pk)
    standing = shown(found, reader.now, times=TIMES_LISTED)
    context = {
        **_about(reader, standing),
        "catch": None if standing.phase.is_over else catch_of(found, reader.now),
        "reach": reach_of(found),
        "lifts": sorted(found.lifts.all(), key=lambda one: one.occurrence, reverse=True),
        "events": Event.objects.about(subject_of(found)).prefetch_related("notifications"),
        "may_change": not standing.phase.is_over and may_change(found, reader.rights),
    }
    return render(request, "web/calendar/freeze.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def extend_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let it end at another time, or when somebody lifts it."""
    reader, found = reader_of(request), _found(pk)
    _check_rights(found, reader)
    form = ExtendForm(request.POST if request.method == "POST" else None, freeze=found, reader=reader)
    try:
        check_extendable(found, reader.now)
        if form.is_valid():
            changed = extend(freeze=found, ends_at=form.cleaned_data["ends_at"], rights=reader.rights, now=reader.now)
            messages.success(request, f"Changed: {changed.scope} is frozen, {when(changed, reader.zone)}.")
            return redirect(changed)
    except FreezeRefusedError as error:
        form.refuse(error)
    except RefusedError as error:
        return _back(request, found, error)
    return render(
        request, "web/calendar/freeze_extend.html", {**_about(reader, shown(found, reader.now)), "form": form}
    )


@require_http_methods(["GET", "HEAD", "POST"])
def lift_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End it, or with `occurrence` (the start of one of its times) only that time of a recurring one."""
    reader, found = reader_of(request), _found(pk)
    _check_rights(found, reader)
    form = LiftForm(request.POST if request.method == "POST" else None, reader=reader)
    try:
        occurrence = _occurrence(request, found, reader)
        if form.is_valid():
            messages.success(request, _lifted(found, occurrence, form.cleaned_data["reason"], reader))
            return redirect(found)
    except FreezeRefusedError as error:
        form.refuse(error)
    except RefusedError as error:
        return _back(request, found, error)
    waiting = catch_of(found, reader.now).waiting if found.holds_at(reader.now) else []
    context = {
        **_about(reader, shown(found, reader.now)),
        "form": form,
        "occurrence": occurrence,
        "onward": onward(found, waiting),
    }
    return render(request, "web/calendar/freeze_lift.html", context)


def _occurrence(request: HttpRequest, freeze: Freeze, reader: Reader) -> FrozenTime | None:
    """The time that the address names; None when it names the whole freeze.

    Raises RefusedError when there is nothing of that to lift any more.
    """
    if "occurrence" not in request.GET:
        if freeze.is_over(reader.now):
            raise RefusedError("It is over already.")
        return None
    first = read_instant(request.GET["occurrence"], reader.zone)
    found = first and freeze.terms.time_to_come(first, reader.now)
    if not (found and freeze.recurrence):
        raise RefusedError("The freeze has no such time that is still to end: choose one of those that are listed.")
    return found


def _lifted(freeze: Freeze, occurrence: FrozenTime | None, reason: str, reader: Reader) -> str:
    """Lift it, and say what was."""
    if occurrence is None:
        lift(freeze=freeze, reason=reason, rights=reader.rights, now=reader.now)
        return f"Lifted: {freeze.scope} is no longer frozen by this."
    lift_once(freeze=freeze, occurrence=occurrence.first, reason=reason, rights=reader.rights, now=reader.now)
    return f"Lifted: the freeze of {moment(occurrence.first, reader.zone)}. Its other times stay."


def _found(pk: int) -> Freeze:
    return get_object_or_404(Freeze.objects.with_scope(), pk=pk)


def _check_rights(freeze: Freeze, reader: Reader) -> None:
    if not may_change(freeze, reader.rights):
        raise PermissionDenied(NOT_THEIRS)


def _back(request: HttpRequest, freeze: Freeze, error: RefusedError) -> HttpResponse:
    """To its page, with why it can't be changed so."""
    messages.error(request, str(error))
    return redirect(freeze)


def _about(reader: Reader, standing: ShownFreeze) -> dict[str, Any]:
    return {
        "now": reader.now,
        "reader": reader,
        "zone": reader.zone,
        "freeze": standing.freeze,
        "shown": standing,
        "most": MOST_SHOWN,
        "freeze_scope": [],
    }
