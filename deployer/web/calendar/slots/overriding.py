"""The page on which a release manager lets a slot pass what blocks it."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from deployer.calendar.actions.slots import override_slot
from deployer.calendar.models import Slot
from deployer.calendar.spans import Span
from deployer.calendar.words import moment
from deployer.promotions.forms import ONLY_MANAGERS, OverrideForm, may_override
from deployer.refusal import NotAllowedError, RefusedError
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.calendar.slots.report import SlotReport, freeze_context, report_on


@require_http_methods(["GET", "HEAD", "POST"])
def override_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One is chosen of what blocks the slot now."""
    reader = reader_of(request)
    if not may_override(reader.rights):
        raise PermissionDenied(ONLY_MANAGERS)
    report = report_on(get_object_or_404(Slot.objects.with_names(), pk=pk), reader)
    form = _form(request, report, reader)
    if form.is_valid():
        try:
            override_slot(slot=report.slot, new=form.override(), rights=reader.rights, now=reader.now)
        except NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Overridden: what is promoted in this slot passes it until the override ends.")
            return redirect(report.slot)
    context = {"now": reader.now, "reader": reader, "slot": report.slot, "form": form, **freeze_context(report.slot)}
    return render(request, "web/calendar/slot_override.html", context)


def _form(request: HttpRequest, report: SlotReport, reader: Reader) -> OverrideForm:
    slot = report.slot
    start = max(slot.starts_at, reader.now)
    return OverrideForm(
        request.POST if request.method == "POST" else None,
        blockers=report.blockers,
        zone=reader.zone,
        expires_at=slot.ends_at,
        within=Span(start, slot.ends_at),
        ends=f"within the slot: after {moment(start, reader.zone)}, and by {moment(slot.ends_at, reader.zone)}",
    )
