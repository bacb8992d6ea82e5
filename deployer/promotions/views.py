"""The page of a promotion, and what its steps printed."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Q
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from deployer.audit.models import Event
from deployer.promotions import log_text
from deployer.promotions.models import Hold, Measurement, Promotion, Step

MEASUREMENTS_SHOWN = 20


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
    promotion = get_object_or_404(found, pk=pk)
    context = {
        "now": timezone.now(),
        "promotion": promotion,
        "steps": [report_on(step) for step in promotion.steps.all()],
        "holds": holds_about(promotion),
        "changes": promotion.release.changes.all(),
        "events": Event.objects.about_promotion(promotion.pk).prefetch_related("notifications"),
    }
    return render(request, "promotions/promotion.html", context)


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
