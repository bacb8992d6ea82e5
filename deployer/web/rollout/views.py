"""The page of the whole estate."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from deployer.web.calendar.slots.reader import reader_of
from deployer.web.rollout.estate import read_estate
from deployer.web.rollout.history import charts, read_months

MEND_SHOWN = 10


@require_safe
def roll_out(request: HttpRequest) -> HttpResponse:
    """`team` in the address, by its slug, leaves the others out."""
    reader, team = reader_of(request), request.GET.get("team", "")
    estate = read_estate(team=team, now=reader.now)
    months = read_months(
        applications=[row.application for row in estate.rows] if team else None,
        environments=estate.environments,
        now=reader.now,
        zone=reader.zone,
    )
    context = {
        "now": reader.now,
        "estate": estate,
        "team": team,
        "team_name": next((one.name for one in estate.teams if one.slug == team), team),
        "to_mend": estate.to_mend[:MEND_SHOWN],
        "more_to_mend": max(len(estate.to_mend) - MEND_SHOWN, 0),
        "ready": estate.ready,
        "months": months,
        "charts": charts(months, estate.environments, [total.targets for total in estate.totals]),
        "freeze_scope": [],
    }
    return render(request, "web/rollout/roll_out.html", context)
