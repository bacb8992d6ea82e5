"""The page of everything that is stopped or stalled, and that by which everything is stopped."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from deployer.promotions.actions.stop import AlreadyStoppedError, standing_stop, stop_everything, stop_of
from deployer.refusal import RefusedError
from deployer.web.calendar.freezes.catch import MOST_SHOWN, catch_of
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.refusals import permitted
from deployer.web.stopped.forms import StopForm
from deployer.web.stopped.listing import (
    Wanted,
    environments_to_choose,
    read_stopped,
    teams_to_choose,
    well_since,
)


@require_safe
def stopped(request: HttpRequest) -> HttpResponse:
    """`team`, `environment` (their slugs) and `kind` in the address leave the others out."""
    reader = reader_of(request)
    asked = request.GET
    wanted = Wanted(team=asked.get("team", ""), environment=asked.get("environment", ""), kind=asked.get("kind", ""))
    listing = read_stopped(reader.rights, reader.now, wanted)
    context = {
        "now": reader.now,
        "listing": listing,
        "wanted": wanted,
        "teams": teams_to_choose(),
        "environments": environments_to_choose(),
        "well_since": None if listing.rows else well_since(),
        "may_stop": reader.rights.manages,
        "freeze_scope": [],
    }
    return render(request, "web/stopped/stopped.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def stop_page(request: HttpRequest) -> HttpResponse:
    """Says what runs now and what waits; its button stops everything."""
    reader = reader_of(request)
    with permitted():
        reader.rights.need_management(to="stop everything")
    form = StopForm(request.POST if request.method == "POST" else None, reader=reader)
    if form.is_valid():
        values = form.cleaned_data
        try:
            freeze = stop_everything(
                rights=reader.rights, reason=values["reason"], contact=values["contact"], now=reader.now
            )
        except RefusedError as error:
            form.refuse(error)
            standing = error.freeze if isinstance(error, AlreadyStoppedError) else None
        else:
            messages.success(request, "Everything is stopped, until somebody lifts it.")
            return redirect(freeze)
    else:
        standing = standing_stop(reader.now)
    context = {
        "now": reader.now,
        "form": form,
        "standing": standing,
        "catch": catch_of(stop_of("", "", reader.now), reader.now),
        "most": MOST_SHOWN,
        "freeze_scope": [],
    }
    return render(request, "web/stopped/stop.html", context)
