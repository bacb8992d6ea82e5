"""The page of a promotion, what its steps printed, and overriding what blocks it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from apps_registry.models import Application, Environment
from apps_registry.rights import Rights, rights_of_user
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.calendar.actions.overrides import LONGEST
from deployer.calendar.leaves import leaves
from deployer.calendar.spans import Span
from deployer.promotions import log_text
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.engine.facts import gate_facts
from deployer.promotions.forms import ONLY_MANAGERS, OverrideForm, may_override
from deployer.promotions.models import Hold, Measurement, Promotion, Step
from deployer.promotions.rules import gate
from deployer.promotions.states import PromotionState
from deployer.promotions.surroundings import freezes_near, slot_of
from deployer.refusal import NotAllowedError, RefusedError

MEASUREMENTS_SHOWN = 20
OVERRIDE_LASTS = timedelta(hours=1)
"""So long an override counts unless its giver says otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """A step with the end of what it observed and printed. `measurements` are newest first."""

    step: Step
    measurements: Sequence[Measurement]
    earlier_measurements: int
    log: log_text.Tail

    @property
    def has_more(self) -> bool:
        """Whether there is more to tell than the table of steps does."""
        return bool(self.measurements or self.log.text or self.step.baseline)


@require_safe
def promotion_page(request: HttpRequest, pk: int) -> HttpResponse:
    found = Promotion.objects.with_names().select_related("superseded_by__release", "deployment")
    promotion, now = get_object_or_404(found, pk=pk), timezone.now()
    context = {
        "now": now,
        "promotion": promotion,
        "overrides": leaves(promotion.overrides.all(), now),
        "freezes": freezes_near(promotion, now),
        "freeze_scope": _freeze_scope(promotion),
        "slot": slot_of(promotion, now),
        "may_override": _can_be_overridden(promotion) and may_override(_rights(request)),
        "steps": [report_on(step) for step in promotion.steps.all()],
        "holds": holds_about(promotion),
        "changes": promotion.release.changes.all(),
        "events": Event.objects.about_promotion(promotion.pk).prefetch_related("notifications"),
    }
    return render(request, "promotions/promotion.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def override_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Let a waiting promotion pass one of its blockers: those of now are chosen from."""
    rights, now = _rights(request), timezone.now()
    if not may_override(rights):
        raise PermissionDenied(ONLY_MANAGERS)
    promotion = get_object_or_404(Promotion.objects.with_names(), pk=pk)
    form = _override_form(request, promotion, now)
    if form.is_valid():
        try:
            override_promotion(promotion=promotion, new=form.override(), rights=rights, now=now)
        except NotAllowedError as error:
            raise PermissionDenied(str(error)) from error
        except RefusedError as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Overridden. Deployer looks at the promotion again at once.")
            return redirect(promotion)
    context = {"now": now, "promotion": promotion, "form": form, "freeze_scope": _freeze_scope(promotion)}
    return render(request, "promotions/override.html", context)


def _override_form(request: HttpRequest, promotion: Promotion, now: datetime) -> OverrideForm:
    waits = promotion.state == PromotionState.WAITING
    facts = gate_facts(promotion.release, promotion.target, now=now, promotion=promotion)
    return OverrideForm(
        request.POST if request.method == "POST" else None,
        blockers=gate(facts, now) if waits else [],
        zone=timezone.get_current_timezone_name(),
        expires_at=now + OVERRIDE_LASTS,
        within=Span(now, now + LONGEST),
        ends=f"in the future, at most {LONGEST.days} days ahead",
    )


def _rights(request: HttpRequest) -> Rights:
    assert isinstance(request.user, User)  # noqa: S101 — narrows the type; the middleware has refused others
    return rights_of_user(request.user)


def _freeze_scope(promotion: Promotion) -> list[tuple[Application, Environment]]:
    """What the banner of freezes is to look at; nothing once the promotion has ended."""
    return [(promotion.application, promotion.environment)] if promotion.is_open else []


def _can_be_overridden(promotion: Promotion) -> bool:
    return promotion.state == PromotionState.WAITING and any(one.overridable for one in promotion.waits_for)


@require_safe
def step_log(request: HttpRequest, pk: int, position: int) -> HttpResponse:
    """All that a step printed, as plain text."""
    step = get_object_or_404(Step, promotion_id=pk, position=position)
    return HttpResponse(log_text.whole(step), content_type="text/plain; charset=utf-8")


def report_on(step: Step) -> StepReport:
    """Three small queries, which a promotion's handful of steps can afford."""
    measurements = list(step.measurements.order_by("-id")[:MEASUREMENTS_SHOWN])
    return StepReport(
        step=step,
        measurements=measurements,
        earlier_measurements=step.measurements.count() - len(measurements),
        log=log_text.tail(step),
    )


def holds_about(promotion: Promotion) -> list[Hold]:
    """Those that it caused, and while it is open those that stand in its way."""
    about = Q(promotion=promotion)
    if promotion.is_open:
        in_its_way = Hold.objects.open().touching(
            application_id=promotion.target.application_id, environment_id=promotion.target.environment_id
        )
        about |= Q(pk__in=in_its_way)
    return list(Hold.objects.filter(about).select_related("application__owner", "environment", "promotion__release"))
