"""The list of slots, and the page of one."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from deployer.calendar.models import Slot
from deployer.web.calendar.slots.changing import EXTENSIONS
from deployer.web.calendar.slots.listing import listing
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.calendar.slots.report import freeze_context, report_on


@require_safe
def slots(request: HttpRequest) -> HttpResponse:
    """Those to come, or those that have ended; the filters are kept in the address."""
    reader = reader_of(request)
    context = {"now": reader.now, "reader": reader, "listing": listing(request.GET, reader)}
    return render(request, "web/calendar/slots.html", context)


@require_safe
def slot(request: HttpRequest, pk: int) -> HttpResponse:
    reader = reader_of(request)
    found = get_object_or_404(Slot.objects.with_names(), pk=pk)
    context = {
        "now": reader.now,
        "reader": reader,
        "slot": found,
        "report": report_on(found, reader),
        "extensions": list(EXTENSIONS),
        **freeze_context(found),
    }
    return render(request, "web/calendar/slot.html", context)
