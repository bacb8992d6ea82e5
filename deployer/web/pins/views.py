"""The pages by which a target is pinned to a release, and no longer."""

from collections.abc import Sequence

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps_registry.models import Target
from deployer.promotions.actions.pins import pin, unpin
from deployer.promotions.models import Pin, Promotion, Veto
from deployer.releases.models import Deployment, Release
from deployer.web.calendar.slots.reader import reader_of
from deployer.web.pins.forms import PinForm, WhyForm
from deployer.web.refusals import need_work_on, refusals_in

RELEASES_OFFERED = 50


@require_http_methods(["GET", "HEAD", "POST"])
def pin_new(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    """`?release=` names the version that is chosen first; without it, what is live."""
    reader, target = reader_of(request), _target(slug, environment)
    application = target.application
    need_work_on(reader, application, to="pin it to a release")
    standing = Pin.objects.standing().filter(target=target).select_related("release").first()
    if request.method != "POST" and standing is not None:
        messages.error(request, f"{target} is pinned already, to {standing.release.version}: remove that pin first.")
        return redirect("application", application.slug)
    live = Deployment.objects.live([target]).select_related("release", "promotion").first()
    choices = _choices(target, first=request.GET.get("release") or (live.release.version if live else ""))
    form = PinForm(request.POST if request.method == "POST" else None, reader=reader, choices=choices)
    if form.is_valid():
        with refusals_in(form):
            made = pin(target=target, release=form.release, rights=reader.rights, reason=form.words)
            messages.success(request, f"Pinned: {target} stays on {made.release.version}.")
            return redirect("application", application.slug)
    context = {
        "now": reader.now,
        "target": target,
        "form": form,
        "live": live,
        "active": Promotion.objects.active().with_names().filter(target=target).first(),
        "freeze_scope": [(application, target.environment)],
    }
    return render(request, "web/pins/pin.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def pin_remove(request: HttpRequest, pk: int) -> HttpResponse:
    names = ("target__application__owner", "target__environment", "release")
    reader, found = reader_of(request), get_object_or_404(Pin.objects.select_related(*names), pk=pk)
    application = found.target.application
    need_work_on(reader, application, to="remove this pin")
    if request.method != "POST" and found.removed_at is not None:
        messages.error(request, f"{found.removed_by} has removed this pin already.")
        return redirect("application", application.slug)
    form = WhyForm(request.POST if request.method == "POST" else None, reader=reader)
    if form.is_valid():
        with refusals_in(form):
            unpin(pin=found, rights=reader.rights, reason=form.words)
            messages.success(request, f"Removed: {found.target} takes other releases again.")
            return redirect("application", application.slug)
    waiting = Promotion.objects.waiting().with_names().filter(target=found.target_id).order_by("-release__order")
    context = {"now": reader.now, "pin": found, "form": form, "waiting": list(waiting[:RELEASES_OFFERED])}
    return render(request, "web/pins/unpin.html", context | {"freeze_scope": []})


def _target(slug: str, environment: str) -> Target:
    targets = Target.objects.select_related("application__owner", "environment")
    return get_object_or_404(targets, application__slug=slug, environment__slug=environment)


def _choices(target: Target, *, first: str) -> Sequence[Release]:
    """The newest releases that aren't vetoed, and before them the one that is wanted first."""
    releases = Release.objects.filter(application=target.application_id).select_related("application")
    releases = releases.exclude(pk__in=Veto.objects.standing().values("release")).order_by("-order")
    wanted = list(releases.filter(version=first)) if first else []
    return wanted + [release for release in releases[:RELEASES_OFFERED] if release not in wanted]
