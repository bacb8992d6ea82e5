"""The page on which slots are booked."""

from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.utils.text import Truncator
from django.views.decorators.http import require_http_methods

from deployer.calendar.actions.series import Booked
from deployer.calendar.actions.slots import SlotRefusedError
from deployer.calendar.models import Slot
from deployer.calendar.sentences import listed
from deployer.calendar.spans import Span
from deployer.calendar.words import stretch
from deployer.refusal import NotAllowedError, RefusedError
from deployer.web.calendar.slots.booking_form import MINUTE, BookForm, next_minute, with_time
from deployer.web.calendar.slots.places import places
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.calendar.slots.times import filled_in, read_span

SKIPPED_SHOWN = 3
NAMES_SHOWN = 5
SENTENCE_SHOWN = 150
"""A message travels in a cookie, which takes 4 kB."""


@require_http_methods(["GET", "HEAD", "POST"])
def book_page(request: HttpRequest) -> HttpResponse:
    """Book a slot, or recurring ones. Every button of the form sends all of it, so that nothing typed is lost."""
    reader = reader_of(request)
    if request.method != "POST":
        return _page(request, BookForm.for_address(request.GET, reader=reader, places=places()))
    if reader.why_no_booking:
        raise PermissionDenied(reader.why_no_booking)
    if {"more", "remove", "use"} & request.POST.keys():
        return _page(request, BookForm.draft(_edited(request.POST, reader), reader=reader, places=places()))
    if "find" in request.POST:
        return _found(request, reader)
    form = BookForm(data=_timed(request.POST, "take", reader), reader=reader, places=places())
    return _booked(request, form) if form.is_valid() else _page(request, form)


def _booked(request: HttpRequest, form: BookForm) -> HttpResponse:
    try:
        made = form.book()
    except SlotRefusedError as error:
        form.refuse(error)
    except NotAllowedError as error:
        raise PermissionDenied(str(error)) from error
    except RefusedError as error:
        form.refused = str(error)
    else:
        messages.success(request, " ".join(filter(None, [_said(made, form.reader), form.note()])))
        return redirect(made) if isinstance(made, Slot) else redirect("slot-series", made.series.pk)
    return _page(request, form)


def _found(request: HttpRequest, reader: Reader) -> HttpResponse:
    """Fill in the next free time, from the typed one on; without one, from now on."""
    data = request.POST.copy()
    if data.get("length") != "until" and not (data.get("date") and data.get("start")):
        start = next_minute(reader)
        data.update(filled_in(Span(start, start + MINUTE), reader.zone, ends=False))
    form = BookForm(data=data, reader=reader, places=places())
    if not form.is_valid():
        return _page(request, form)
    found = form.next_free()
    if found is None:
        form.refuse(SlotRefusedError(form.blockers(), None))
        return _page(request, form)
    filled = BookForm.draft(with_time(data, found, reader.zone), reader=reader, places=form.places)
    return _page(request, filled, found=found)


def _timed(data: QueryDict, button: str, reader: Reader) -> QueryDict:
    """What was typed, with the time that a button carries."""
    span = read_span(data.get(button, ""), reader.zone)
    return with_time(data, span, reader.zone) if span else data


def _edited(data: QueryDict, reader: Reader) -> QueryDict:
    """What was typed, with one row more or less, or with the offered time."""
    changed = _timed(data, "use", reader).copy()
    slugs, versions = data.getlist("application"), data.getlist("version")
    if "more" in data:
        slugs, versions = [*slugs, ""], [*versions, *[""] * (len(slugs) + 1 - len(versions))]
    gone = data.get("remove", "")
    if gone.isdecimal() and int(gone) < len(slugs):
        del slugs[int(gone)], versions[int(gone) : int(gone) + 1]
    changed.setlist("application", slugs)
    changed.setlist("version", versions)
    return changed


def _said(made: Slot | Booked, reader: Reader) -> str:
    """What was booked, in words."""
    if isinstance(made, Slot):
        names = sorted(one.application.slug for one in made.bookings.select_related("application"))
        more = [f"{len(names) - NAMES_SHOWN} more"] if len(names) > NAMES_SHOWN else []
        what = listed(names[:NAMES_SHOWN] + more)
        return f"Booked: {made.environment} for {what}, {stretch(made.span, reader.zone)}."
    first, count = made.slots[0], len(made.slots)
    said = f"Booked {count} slot{'' if count == 1 else 's'}, the first {stretch(first.span, reader.zone)}."
    if not made.refused:
        return said
    return f"{said} {len(made.refused)} of the times could not be booked: {_skipped(made, reader)}"


def _skipped(made: Booked, reader: Reader) -> str:
    said = [
        f"{stretch(span, reader.zone)} ({Truncator(found[0].sentence).chars(SENTENCE_SHOWN)})"
        for span, found in made.refused[:SKIPPED_SHOWN]
    ]
    more = len(made.refused) - len(said)
    return f"{'; '.join(said)}{f'; and {more} more' if more > 0 else ''}."


def _page(request: HttpRequest, form: BookForm, **context: Any) -> HttpResponse:
    shown: dict[str, Any] = {"now": form.reader.now, "reader": form.reader, "form": form}
    return render(request, "web/calendar/slot_new.html", shown | context)
