"""What the page of a promotion shows of its steps and of what stands beside it. Each function says what it costs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q

from deployer.access.models import User
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event
from deployer.promotions import charts, log_lines
from deployer.promotions.charts import Chart, Point
from deployer.promotions.models import Hold, LogChunk, Measurement, Promotion, Step, StepKind
from deployer.promotions.states import PromotionState, StepState

MEASUREMENTS_SHOWN = 20
MEASUREMENTS_DRAWN = 2_000
LINES_WHEN_OVER = 200
"""Of the log of a step that passed."""
EVENTS_SHOWN = 200
PAGE_STATES = {
    PromotionState.WAITING: "waiting",
    PromotionState.DEPLOYING: "moving",
    PromotionState.VERIFYING: "moving",
    PromotionState.SUCCEEDED: "ok",
    PromotionState.FAILED: "stopped",
    PromotionState.ERRORED: "stopped",
}
"""As the tab's icon shows it; what was aborted or superseded has none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StepReport:
    """A step with the end of what it observed and printed. `measurements` are the newest first; `rules` say what
    decides the check."""

    step: Step
    measurements: Sequence[Measurement] = ()
    earlier_measurements: int = 0
    chart: Chart | None = None
    rules: Sequence[str] = ()
    log: log_lines.Part | None = None
    soaks_until: datetime | None = None

    @property
    def is_open(self) -> bool:
        """Whether it is what a reader looks for: what runs, and what went wrong."""
        return self.step.state in (StepState.RUNNING, StepState.FAILED, StepState.ERRORED)

    @property
    def has_more(self) -> bool:
        return bool(self.measurements or self.log or self.step.baseline)

    @property
    def is_running(self) -> bool:
        return self.step.state == StepState.RUNNING


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbours:
    """The promotions of the same target before and after it, those that tried it again, and who asked for it."""

    before: Promotion | None
    after: Promotion | None
    retries: Sequence[Promotion]
    requester: User | None


def reports_on(promotion: Promotion) -> list[StepReport]:
    """Two queries, and for each step up to three for what it measured and two for what it printed: neither grows with
    how much that is."""
    steps = list(promotion.steps.annotate(has_log=Exists(LogChunk.objects.filter(step=OuterRef("pk")))))
    counts: dict[int, dict[str, int]] = {}
    tallied = Measurement.objects.filter(step__in=steps).order_by().values_list("step", "outcome")
    for step_id, outcome, number in tallied.annotate(number=Count("pk")) if steps else ():
        counts.setdefault(step_id, {})[outcome] = number
    return [_report_on(step, counts.get(step.pk, {})) for step in steps]


def neighbours_of(promotion: Promotion) -> Neighbours:
    """At most five queries, whatever the history is."""
    here = Promotion.objects.filter(target=promotion.target_id).select_related("release")
    return Neighbours(
        before=here.filter(pk__lt=promotion.pk).order_by("-pk").first(),
        after=here.filter(pk__gt=promotion.pk).order_by("pk").first(),
        retries=list(promotion.retries.order_by("pk")[:5]),
        requester=_requester(promotion),
    )


def events_of(promotion: Promotion) -> tuple[list[Event], int]:
    """The newest events about it, the oldest first, each with whom it told, and how many came before. Two queries, or
    three."""
    about = Event.objects.about_promotion(promotion.pk)
    found = list(about.order_by("-id").prefetch_related("notifications")[: EVENTS_SHOWN + 1])
    earlier = about.count() - EVENTS_SHOWN if len(found) > EVENTS_SHOWN else 0
    return found[:EVENTS_SHOWN][::-1], earlier


def holds_about(promotion: Promotion) -> list[Hold]:
    """Those that it caused, and while it is open those that stand in its way. One query."""
    about = Q(promotion=promotion)
    if promotion.is_open:
        in_its_way = Hold.objects.open().touching(
            application_id=promotion.target.application_id, environment_id=promotion.target.environment_id
        )
        about |= Q(pk__in=in_its_way)
    return list(Hold.objects.filter(about).select_related("application__owner", "environment", "promotion__release"))


def log_shown(step: Step) -> log_lines.Part:
    """The end of its log, as the page of its promotion shows it."""
    return log_lines.end_of(step, lines=LINES_WHEN_OVER if step.state == StepState.PASSED else log_lines.SHOWN)


def _report_on(step: Step, counts: Mapping[str, int]) -> StepReport:
    has_log = getattr(step, "has_log", False) or (step.is_deploy and step.state == StepState.RUNNING)
    measurements = list(step.measurements.order_by("-id")[:MEASUREMENTS_SHOWN]) if counts else []
    soaks = step.kind == StepKind.SOAK and step.state == StepState.RUNNING and step.started_at is not None
    return StepReport(
        step=step,
        measurements=measurements,
        earlier_measurements=sum(counts.values()) - len(measurements),
        chart=_chart(step, counts, measurements) if counts else None,
        rules=_rules(step),
        log=log_shown(step) if has_log else None,
        soaks_until=step.started_at + timedelta(seconds=step.spec["seconds"]) if soaks and step.started_at else None,
    )


def _chart(step: Step, counts: Mapping[str, int], newest: Sequence[Measurement]) -> Chart:
    """Two queries: what is drawn of the evidence is read of nothing but the marks."""
    evidence = [one.evidence for one in newest if isinstance(one.evidence, dict)]
    measure = charts.measure_in(evidence)
    rows = step.measurements.order_by("-id").values_list("id", "at", "outcome")[:MEASUREMENTS_DRAWN]
    drawn = charts.thin([Point(*row) for row in reversed(rows)])
    if measure is not None:
        ids = [point.id for point in drawn]
        values = dict(step.measurements.filter(pk__in=ids).order_by().values_list("id", f"evidence__{measure.key}"))
        drawn = [Point(one.id, one.at, one.outcome, _number(values.get(one.id))) for one in drawn]
    config = step.spec.get("config", {})
    return charts.chart(
        step.name,
        drawn,
        counts,
        measure=measure,
        limit=charts.limit_of(measure, config, evidence) if measure else None,
        baseline=charts.baseline_of(measure, step.baseline) if measure else None,
        thinned=len(drawn) < sum(counts.values()),
    )


def _rules(step: Step) -> list[str]:
    """By what the check is decided, and how near it is to errors in a row."""
    if step.kind != StepKind.CHECK or "samples" not in step.spec:
        return []
    row, spec = step.errors_in_a_row, step.spec
    errors = f"stops at {spec['error_limit']} errors in a row"
    return [
        f"needs {spec['samples']} passed",
        f"stops at {spec['failure_limit']} failed",
        f"{errors}, has {row}" if row else errors,
    ]


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and charts.is_number(value) else None


def _requester(promotion: Promotion) -> User | None:
    """Who asked for it, by its event, where that is a person."""
    if not promotion.requested_by:
        return None
    asked = Event.objects.filter(promotion_id=promotion.pk, kind="promotion.requested", actor_kind=ActorKind.USER)
    ref = asked.values_list("actor_ref", flat=True).first()
    return User.objects.filter(pk=int(ref)).first() if ref and ref.isdecimal() else None
