"""The page of recurring slots, and ending them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from deployer.calendar.actions.series import end_series, may_end
from deployer.calendar.hours import DAYS
from deployer.calendar.models import Slot, SlotSeries
from deployer.calendar.rrule import WEEKDAYS
from deployer.calendar.states import SlotState
from deployer.calendar.words import recurring
from deployer.refusal import NotAllowedError, RefusedError
from deployer.web.calendar.slots.changing_form import CancelForm
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.calendar.slots.report import Entry, history

SHOWN = 50
WEEKLY = {f"FREQ=WEEKLY;BYDAY={code}": day for code, day in zip(WEEKDAYS, DAYS, strict=True)}


@dataclass(frozen=True, slots=True, kw_only=True)
class SeriesReport:
    """`how` and `times` say in words when they are. `coming` are the next slots, at most SHOWN, of `count`; `skipped`
    the times that could not be booked, newest first."""

    series: SlotSeries
    applications: Sequence[str]
    how: str
    times: str
    coming: Sequence[Slot]
    count: int
    skipped: Sequence[Entry]
    history: Sequence[Entry]
    why_no_end: str

    @property
    def more(self) -> int:
        return self.count - len(self.coming)


@require_safe
def series_page(request: HttpRequest, pk: int) -> HttpResponse:
    reader, series = reader_of(request), _series(pk)
    context = {"now": reader.now, "reader": reader, "series": series, "report": report_on_series(series, reader)}
    return render(request, "web/calendar/slot_series.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def end_page(request: HttpRequest, pk: int) -> HttpResponse:
    """End them and cancel those to come, once that is confirmed."""
    reader, series = reader_of(request), _series(pk)
    report = report_on_series(series, reader)
    if not may_end(series, reader.rights):
        raise PermissionDenied(report.why_no_end)
    if series.ended_at is not None:
        messages.error(request, report.why_no_end)
        return redirect("slot-series", series.pk)
    form = CancelForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        try:
            cancelled = end_series(
                series=series, rights=reader.rights, reason=form.cleaned_data["reason"], now=reader.now
            )
        except NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except RefusedError as error:
            messages.error(request, str(error))
        else:
            count = len(cancelled)
            messages.success(request, f"Ended: {count} coming slot{'' if count == 1 else 's'} cancelled.")
        return redirect("slot-series", series.pk)
    context = {"now": reader.now, "reader": reader, "series": series, "report": report, "form": form}
    return render(request, "web/calendar/slot_series_end.html", context)


def report_on_series(series: SlotSeries, reader: Reader) -> SeriesReport:
    coming = Slot.objects.filter(series=series, state=SlotState.BOOKED, starts_at__gt=reader.now).with_names()
    found = history(f"slot-series:{series.pk}")
    shown = list(coming[:SHOWN])
    return SeriesReport(
        series=series,
        applications=[str(one) for one in series.applications.all()],
        how=in_words(series.rule),
        times=_times(series),
        coming=shown,
        count=coming.count() if len(shown) == SHOWN else len(shown),
        skipped=[one for one in reversed(found) if one.event.kind == "slot_series.skipped"],
        history=[one for one in found if one.event.kind != "slot_series.skipped"],
        why_no_end=_why_no_end(series, reader),
    )


def in_words(rule: str) -> str:
    """How often, as it was chosen; any other rule as `recurring` says it."""
    if rule == "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR":
        return "every weekday, Monday to Friday"
    day = WEEKLY.get(rule)
    return f"every {day}" if day else recurring(rule)


def _times(series: SlotSeries) -> str:
    """From when to when, by the clock of its zone."""
    starts, ends = (datetime.fromisoformat(wall) for wall in (series.starts, series.ends))
    next_day = " the next day" if ends.date() > starts.date() else ""
    return f"{starts:%H:%M} to {ends:%H:%M}{next_day}"


def _why_no_end(series: SlotSeries, reader: Reader) -> str:
    if series.ended_at is not None:
        return "These recurring slots have ended already."
    if not may_end(series, reader.rights):
        return f"{series.booked_by} booked these: they, their teams or a release manager can end them."
    return ""


def _series(pk: int) -> SlotSeries:
    found = SlotSeries.objects.select_related("environment", "booker").prefetch_related("applications__owner")
    return get_object_or_404(found, pk=pk)
