"""The pages of environments."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps_registry.models import Environment
from deployer.calendar.closing import calendar_of
from deployer.web.calendar.slots.places import Place
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.environments.listing import read_environments
from deployer.web.environments.reading import choices, read_environment, why_not_all


@require_safe
def environments(request: HttpRequest) -> HttpResponse:
    reader = reader_of(request)
    context = {"now": reader.now, "rows": read_environments(reader)}
    return render(request, "web/environments/environments.html", context)


@require_safe
def environment(request: HttpRequest, slug: str) -> HttpResponse:
    """`q` and `page` in the address choose from the applications that run here."""
    reader, found = reader_of(request), get_object_or_404(Environment, slug=slug)
    place = Place(environment=found, calendar=calendar_of(found))
    context = {
        "now": reader.now,
        "reader": reader,
        "report": read_environment(found, place, reader, request.GET),
        "choices": choices(found, reader),
        "why_not_all": why_not_all(found, reader),
        "freeze_scope": [],
    }
    return render(request, "web/environments/environment.html", context)
