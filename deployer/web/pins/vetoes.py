"""The pages by which a release is vetoed, and its veto withdrawn."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from deployer.promotions.actions.vetoes import veto, withdraw_veto
from deployer.promotions.models import Promotion, Veto
from deployer.promotions.states import ACTIVE
from deployer.releases.models import Deployment, Release
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.pins.forms import WhyForm
from deployer.web.refusals import need_work_on, refusals_in


@require_http_methods(["GET", "HEAD", "POST"])
def veto_new(request: HttpRequest, pk: int) -> HttpResponse:
    releases = Release.objects.select_related("application__owner")
    reader, release = reader_of(request), get_object_or_404(releases, pk=pk)
    need_work_on(reader, release.application, to="veto its releases")
    standing = Veto.objects.standing().filter(release=release).first()
    if request.method != "POST" and standing is not None:
        messages.error(request, f"{release} is vetoed already, by {standing.placed_by}.")
        return redirect("application", release.application.slug)
    form = WhyForm(request.POST if request.method == "POST" else None, reader=reader)
    if form.is_valid():
        with refusals_in(form):
            veto(release=release, rights=reader.rights, reason=form.words)
            messages.success(request, f"Vetoed: {release} is never deployed again.")
            return redirect("application", release.application.slug)
    context = {"now": reader.now, "release": release, "form": form, "freeze_scope": []} | _whereabouts(release)
    return render(request, "web/pins/veto.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def veto_withdraw(request: HttpRequest, pk: int) -> HttpResponse:
    vetoes = Veto.objects.select_related("release__application__owner")
    reader, found = reader_of(request), get_object_or_404(vetoes, pk=pk)
    release = found.release
    need_work_on(reader, release.application, to="withdraw this veto")
    if request.method != "POST" and found.withdrawn_at is not None:
        messages.error(request, f"{found.withdrawn_by} has withdrawn this veto already.")
        return redirect("application", release.application.slug)
    form = WhyForm(request.POST if request.method == "POST" else None, reader=reader)
    if form.is_valid():
        with refusals_in(form):
            withdraw_veto(veto=found, rights=reader.rights, reason=form.words)
            messages.success(request, f"Withdrawn: {release} can be asked for again.")
            return redirect("application", release.application.slug)
    context = {"now": reader.now, "veto": found, "release": release, "form": form, "freeze_scope": []}
    return render(request, "web/pins/withdraw.html", context)


def _whereabouts(release: Release) -> dict[str, Any]:
    """Where it waits, runs and is live: what a veto does, and doesn't, to each."""
    opened = list(
        Promotion.objects.open().with_names().filter(release=release).order_by("target__environment__position")
    )
    targets = list(release.application.targets.select_related("environment"))
    live = Deployment.objects.live(targets).filter(release=release).select_related("target__environment", "promotion")
    return {
        "waiting": [one for one in opened if one.state not in ACTIVE],
        "running": [one for one in opened if one.state in ACTIVE],
        "live": list(live.order_by("target__environment__position")),
    }
