"""The pages on which slots are moved, extended, edited and cancelled."""

from datetime import timedelta
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from deployer.calendar.actions.slots import SlotRefusedError, cancel, change
from deployer.calendar.forms import read_instant
from deployer.calendar.models import Slot
from deployer.calendar.spans import Span
from deployer.calendar.words import stretch
from deployer.refusal import NotAllowedError, RefusedError
from deployer.web.calendar.slots.changing_form import CancelForm, ChangeForm, longer, read_sequence
from deployer.web.calendar.slots.places import place_of
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.calendar.slots.report import freeze_context, why_no_change
from deployer.web.calendar.slots.times import filled_in, read_span

EXTENSIONS = {"15": timedelta(minutes=15), "30": timedelta(minutes=30)}


@require_http_methods(["GET", "HEAD", "POST"])
def change_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Move, extend or edit a slot. The form carries the slot's sequence, so that no change is lost under another."""
    reader, slot = reader_of(request), _slot(pk)
    if why_no_change(slot, reader):
        return _kept_from(request, slot, reader)
    if request.method != "POST":
        return _page(request, ChangeForm(slot=slot, reader=reader, span=_asked(request, slot, reader)))
    if request.POST.get("extend") in EXTENSIONS:
        return _extend(request, slot, reader)
    data = request.POST.copy()
    span = read_span(data.get("take", ""), reader.zone)
    data.update(filled_in(span, reader.zone) if span else {})
    form = ChangeForm(slot=slot, reader=reader, data=data)
    return _change(request, form) if form.is_valid() else _page(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
def cancel_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the time back, once that is confirmed."""
    reader, slot = reader_of(request), _slot(pk)
    if why_no_change(slot, reader):
        return _kept_from(request, slot, reader)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            cancel(slot=slot, rights=reader.rights, reason=form.cleaned_data["reason"], now=reader.now)
        except NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except RefusedError as error:
            messages.error(request, str(error))
        else:
            messages.success(request, f"Cancelled: its time in {slot.environment} is free again.")
        return redirect(slot)
    context = {"now": reader.now, "reader": reader, "slot": slot, "form": form, **freeze_context(slot)}
    return render(request, "web/calendar/slot_cancel.html", context)


def _slot(pk: int) -> Slot:
    return get_object_or_404(Slot.objects.with_names(), pk=pk)


def _kept_from(request: HttpRequest, slot: Slot, reader: Reader) -> HttpResponse:
    """To who lacks the right, a page that says who has it; when it is too late, back to the slot."""
    why = why_no_change(slot, reader)
    if slot.is_kept and slot.ends_at > reader.now:
        raise PermissionDenied(why)
    messages.error(request, why)
    return redirect(slot)


def _asked(request: HttpRequest, slot: Slot, reader: Reader) -> Span | None:
    """The time in the address, to move it to; as long as it is now when it names the start alone."""
    start, end = (read_instant(request.GET.get(name, ""), reader.zone) for name in ("start", "end"))
    if start is None:
        return Span(slot.starts_at, end) if end and end > slot.starts_at else None
    return Span(start, end if end and end > start else start + (slot.ends_at - slot.starts_at))


def _change(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    try:
        changed = form.change()
    except SlotRefusedError as error:
        form.refuse(error)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        slot = _slot(form.slot.pk)
        if why_no_change(slot, form.reader):
            return _kept_from(request, slot, form.reader)
        form = form.over(slot)
        form.refused = str(error)
    else:
        said = f"Changed: {stretch(changed.span, form.reader.zone)}."
        messages.success(request, " ".join(filter(None, [said, form.note()])))
        return redirect(changed)
    return _page(request, form)


def _extend(request: HttpRequest, slot: Slot, reader: Reader) -> HttpResponse:
    to = longer(slot, EXTENSIONS[request.POST["extend"]], read_sequence(request.POST.get("sequence")))
    form = ChangeForm(slot=slot, reader=reader, span=Span(to.starts_at, to.ends_at))
    try:
        changed = change(slot=slot, to=to, rights=reader.rights, now=reader.now)
    except SlotRefusedError as error:
        form.refuse(error)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        form.refused = str(error)
    else:
        messages.success(request, f"Extended: {stretch(changed.span, reader.zone)}.")
        return redirect(changed)
    return _page(request, form)


def _page(request: HttpRequest, form: ChangeForm) -> HttpResponse:
    context: dict[str, Any] = {
        "now": form.reader.now,
        "reader": form.reader,
        "slot": form.slot,
        "form": form,
        "place": place_of(form.slot.environment),
        "extensions": list(EXTENSIONS),
        **freeze_context(form.slot),
    }
    return render(request, "web/calendar/slot_change.html", context)
