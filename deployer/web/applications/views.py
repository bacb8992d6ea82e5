"""The page of an application."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps_registry.models import Application
from deployer.web.applications.reading import choices, not_now, report_on, why_nothing
from deployer.web.calendar.slots.reader import reader_of


@require_safe
def application(request: HttpRequest, slug: str) -> HttpResponse:
    reader, found = reader_of(request), get_object_or_404(Application.objects.select_related("owner"), slug=slug)
    report = report_on(found, reader.now)
    context = {
        "now": reader.now,
        "application": found,
        "report": report,
        "choices": choices(found, reader.rights),
        "why_nothing": why_nothing(found, reader.rights),
        "not_now": not_now(report),
        "may_work_on": reader.rights.may_work_on(found) and not found.is_archived,
        "freeze_scope": [(found, place.cell.environment) for place in report.places],
    }
    return render(request, "web/applications/application.html", context)
