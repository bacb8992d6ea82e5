"""The pages by which a person aborts, promotes and rolls back."""

from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_http_methods

from apps_registry.models import Target
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.lifting import BY_HAND
from deployer.promotions.models import Promotion
from deployer.promotions.presence import newest_there
from deployer.promotions.states import PromotionState
from deployer.refusal import RefusedError
from deployer.releases.models import Deployment
from deployer.web.calendar.slots.reader import Reader, reader_of
from deployer.web.promoting.forms import AbortForm, PromoteForm, RollBackForm
from deployer.web.promoting.going_back import ways_back
from deployer.web.refusals import need_work_on, refusals_in


@require_http_methods(["GET", "HEAD", "POST"])
def abort_page(request: HttpRequest, pk: int) -> HttpResponse:
    reader, promotion = reader_of(request), _promotion(pk)
    need_work_on(reader, promotion.application, to="abort this promotion")
    if _opens(request) and not promotion.is_open:
        return _back(request, promotion, f"{promotion} has ended already: it is {_state(promotion)}.")
    form = AbortForm(request.POST if request.method == "POST" else None, reader=reader)
    if form.is_valid():
        with refusals_in(form):
            found = abort(
                promotion=promotion,
                by=reader.rights.actor,
                reason=form.cleaned_data["reason"],
                seen=form.cleaned_data["seen"],
            )
            messages.success(request, "Aborted." if not found.is_open else "It is being aborted.")
            return redirect(found)
    return render(request, "web/promoting/abort.html", _about(reader, promotion) | {"form": form})


@require_http_methods(["GET", "HEAD", "POST"])
def promote_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Ask by hand for what waits: it passes the manual policy and trust issues, and nothing else."""
    reader, promotion = reader_of(request), _promotion(pk)
    need_work_on(reader, promotion.application, to="promote it")
    if _opens(request) and promotion.state != PromotionState.WAITING:
        return _back(request, promotion, f"{promotion} no longer waits: it is {_state(promotion)}.")
    form = PromoteForm(request.POST if request.method == "POST" else None, reader=reader)
    if form.is_valid():
        with refusals_in(form):
            found = _promote(promotion, reader, form.cleaned_data["reason"])
            messages.success(request, _promoted(found))
            return redirect(found)
    others = [blocker for blocker in promotion.waits_for if blocker.kind not in BY_HAND]
    return render(request, "web/promoting/promote.html", _about(reader, promotion) | {"form": form, "others": others})


@require_http_methods(["GET", "HEAD", "POST"])
def roll_back_page(request: HttpRequest, slug: str, environment: str) -> HttpResponse:
    reader = reader_of(request)
    targets = Target.objects.select_related("application__owner", "environment")
    target = get_object_or_404(targets, application__slug=slug, environment__slug=environment)
    need_work_on(reader, target.application, to="roll it back")
    form = RollBackForm(request.POST if request.method == "POST" else None, reader=reader, choices=ways_back(target))
    if form.is_valid():
        with refusals_in(form):
            found = roll_back(
                target=target,
                by=reader.rights.actor,
                reason=form.cleaned_data["reason"],
                to=form.release,
                seen=form.cleaned_data["seen"],
            )
            messages.success(request, f"Asked for: {target} goes back to {found.release.version}, and is on hold.")
            return redirect(found)
    active = Promotion.objects.active().with_names().filter(target=target).first()
    context = {
        "now": reader.now,
        "target": target,
        "form": form,
        "live": Deployment.objects.live([target]).select_related("release", "promotion").first(),
        "active": active,
        "leaving": newest_there(target, active),
        "freeze_scope": [(target.application, target.environment)],
    }
    return render(request, "web/promoting/roll_back.html", context)


def _promote(promotion: Promotion, reader: Reader, reason: str) -> Promotion:
    """Raises RefusedError when another has changed it since the page was opened."""
    promotion.refresh_from_db()
    if promotion.state != PromotionState.WAITING:
        raise RefusedError(f"{promotion} no longer waits: it is {_state(promotion)}.")
    return promote(release=promotion.release, target=promotion.target, by=reader.rights.actor, reason=reason)


def _promoted(promotion: Promotion) -> str:
    if promotion.state == PromotionState.WAITING and promotion.waits_for:
        return "Asked for. It goes as soon as nothing else is in its way: see why it waits."
    return "Asked for: it is on its way."


def _promotion(pk: int) -> Promotion:
    return get_object_or_404(Promotion.objects.with_names(), pk=pk)


def _state(promotion: Promotion) -> str:
    return promotion.get_state_display().lower()


def _opens(request: HttpRequest) -> bool:
    """Whether somebody opens the page, rather than sends its form or has it kept up to date."""
    return request.method != "POST" and not getattr(request, "is_live_update", False)


def _back(request: HttpRequest, promotion: Promotion, why: str) -> HttpResponse:
    """To its page, with why there is nothing to do."""
    messages.error(request, why)
    return redirect(promotion)


def _about(reader: Reader, promotion: Promotion) -> dict[str, Any]:
    scope = [(promotion.application, promotion.environment)] if promotion.is_open else []
    return {"now": reader.now, "promotion": promotion, "freeze_scope": scope}
