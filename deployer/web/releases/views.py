"""The page of a release."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from deployer.releases.models import Release
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.releases.reading import report_on


@require_safe
def release_page(request: HttpRequest, pk: int) -> HttpResponse:
    releases = Release.objects.select_related("application__owner")
    reader, release = reader_of(request), get_object_or_404(releases, pk=pk)
    report = report_on(release)
    may_work_on = reader.rights.may_work_on(release.application) and not release.application.is_archived
    context = {
        "now": reader.now,
        "release": release,
        "report": report,
        "may_work_on": may_work_on,
        "freeze_scope": [(release.application, place.environment) for place in report.places],
    }
    return render(request, "web/releases/release.html", context)
