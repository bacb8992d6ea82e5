"""The pages of teams."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_safe

from apps_registry.models import Team
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.teams.listing import read_teams
from deployer.web.teams.reading import choices, read_team, why_nothing


@require_safe
def teams(request: HttpRequest) -> HttpResponse:
    """`q` in the address is looked for in their names and channels."""
    reader = reader_of(request)
    assert reader.rights.user is not None  # noqa: S101 — narrows the type; only people sign in
    listing = read_teams(reader.rights.user, request.GET.get("q", "").strip()[:200])
    return render(request, "web/teams/teams.html", {"now": reader.now, "listing": listing})


@require_safe
def team(request: HttpRequest, slug: str) -> HttpResponse:
    reader, found = reader_of(request), get_object_or_404(Team, slug=slug)
    context = {
        "now": reader.now,
        "zone": reader.zone,
        "report": read_team(found, reader.rights, reader.now),
        "choices": choices(found, reader.rights),
        "why_nothing": why_nothing(found, reader.rights),
        "freeze_scope": [],
    }
    return render(request, "web/teams/team.html", context)
