"""The pages of holds: one with its ways out, each way's own, and placing one."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from deployer.promotions.models import Hold, Promotion
from deployer.promotions.models.hold import WayOut
from deployer.promotions.ways import Way, ways_out_of
from deployer.releases.models import Deployment
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.holds.evidence import caught_by, evidence_of, places_of
from deployer.web.holds.forms import WayForm
from deployer.web.holds.sequel import events_about, followed_by, told_of
from deployer.web.holds.taking import WAYS, take, target_of
from deployer.web.promoting.going_back import ways_back
from deployer.web.refusals import need_work_on, refusals_in

GOING_AGAIN = "get it going again"


@require_safe
def hold_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Why the line stopped, and every way out in one form: the reason is typed once, and each way is a button."""
    reader, hold = reader_of(request), found(pk)
    ways = ways_out_of(hold, rights=reader.rights, now=reader.now) if hold.is_open else []
    events = events_about(hold)
    context = about(reader, hold) | {
        "evidence": evidence_of(hold.promotion),
        "stopping": {"release": hold.stopped},
        "changes": hold.stopped.changes.all() if hold.stopped else [],
        "places": places_of(hold),
        "ways": ways,
        "form": WayForm(reader=reader, choices=_choices(hold, ways)),
        "may": reader.rights.may_work_on(hold.application),
        "followed_by": followed_by(hold),
        "told": told_of(events),
        "events": events,
    }
    return render(request, "web/holds/hold.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def way_page(request: HttpRequest, pk: int, way: str) -> HttpResponse:
    """One way out by itself: where messages lead, and where the hold's page sends what was typed there."""
    if way not in WAYS:
        raise Http404(f"There is no way out {way!r}.")
    reader, hold = reader_of(request), found(pk)
    need_work_on(reader, hold.application, to=GOING_AGAIN)
    ways = ways_out_of(hold, rights=reader.rights, now=reader.now)
    offered = next((one for one in ways if one.way is WAYS[way]), None)
    if request.method != "POST" and (offered is None or not hold.is_open):
        return _back(request, hold)
    form = _way_form(request, reader, hold, ways, WAYS[way])
    if form.is_valid():
        with refusals_in(form):
            promotion = take(WAYS[way], hold=hold, rights=reader.rights, words=form.words, to=form.release)
            messages.success(request, _taken(WAYS[way], hold, promotion))
            return redirect(promotion or hold)
    context = about(reader, found(pk)) | {"way": WAYS[way], "offered": offered, "form": form}
    return render(request, "web/holds/way.html", context)


def _way_form(request: HttpRequest, reader: Reader, hold: Hold, ways: Sequence[Way], way: WayOut) -> WayForm:
    return WayForm(
        request.POST if request.method == "POST" else None,
        reader=reader,
        missing="Say what was done about it" if way is WayOut.LIFT else "Say why",
        choices=_choices(hold, ways) if way is WayOut.ROLL_BACK else (),
    )


def _choices(hold: Hold, ways: Sequence[Way]) -> Sequence[Deployment]:
    """What can be rolled back to, the last that was verified first; nothing where that way is shut."""
    is_open = any(one.way is WayOut.ROLL_BACK and one.possible for one in ways)
    target = target_of(hold) if is_open else None
    return ways_back(target) if target else ()


def _taken(way: WayOut, hold: Hold, promotion: Promotion | None) -> str:
    """What was done, in a sentence."""
    version = hold.stopped.version if hold.stopped else ""
    if way is WayOut.ROLL_BACK and promotion is not None:
        return f"Asked for: {promotion.target} goes back to {promotion.release.version}, and is on hold."
    if way is WayOut.VETO:
        goes_on = f"{promotion.release.version} goes on." if promotion else "The next release goes on."
        return f"{version} is vetoed: it is never deployed again. {goes_on}"
    if way is WayOut.FIX_FORWARD:
        return f"A release that is newer than {version} passes this hold from now on, and lifts it by succeeding."
    if way is WayOut.LIFT:
        return f"Lifted: this no longer stops {hold.scope}."
    return "Asked for: it is tried again."


def _back(request: HttpRequest, hold: Hold) -> HttpResponse:
    """To its page, with why there is nothing to do."""
    why = "This hold has no such way out: see those that it has." if hold.is_open else "It was lifted already."
    messages.error(request, why)
    return redirect(hold)


def found(pk: int) -> Hold:
    return get_object_or_404(Hold.objects.with_names(), pk=pk)


def about(reader: Reader, hold: Hold) -> dict[str, Any]:
    """What every page of a hold shows; `caught` is what it stops now."""
    places = [(hold.application, hold.environment)] if hold.environment else []
    caught = caught_by(application=hold.application, environment=hold.environment, newest_safe=hold.newest_safe)
    return {
        "now": reader.now,
        "hold": hold,
        "caught": caught if hold.is_open else None,
        "freeze_scope": places if hold.is_open else [],
    }
