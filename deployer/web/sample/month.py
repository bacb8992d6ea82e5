"""Puts the sample data together."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from django.db import connection, transaction

from apps_registry.models import Application, Environment, Team
from deployer.promotions import watching
from deployer.promotions.models import Promotion, Stall, Step, StepKind
from deployer.queueing import left_to_the_clock
from deployer.web.sample import history, readings, told
from deployer.web.sample.acts import Acts
from deployer.web.sample.estate import make_estate
from deployer.web.sample.hours import last_session
from deployer.web.sample.plan import Plan
from deployer.web.sample.scenes import Scenes
from deployer.web.sample.stage import Stage
from deployer.web.sample.telling import Telling

LOG_LINES, MEASUREMENTS = 20_000, 2_000


class NotEmptyError(Exception):
    """There are applications or people's things here already."""


@dataclass(frozen=True, slots=True)
class Progress:
    """What is being done, how far that is, and of how much; 0 where it can't be counted."""

    what: str
    done: int = 0
    of: int = 0


def check_empty() -> None:
    """Raises NotEmptyError where anything is registered or has been promoted: sample data is for an empty database."""
    for model in (Application, Team, Environment, Promotion):
        if model._default_manager.exists():
            raise NotEmptyError(f"There are {model._meta.verbose_name_plural} here already.")


def make_sample(plan: Plan, *, password: str, on: Callable[[Progress], None] = lambda _: None) -> None:
    """Write all of it. `password` is that of `estate.SIGN_INS`. What fails in the midst leaves an incomplete history:
    the last month alone is one transaction."""
    check_empty()
    with left_to_the_clock():
        on(Progress("the registry"))
        with transaction.atomic():
            estate = make_estate(plan, password)
        telling = Telling(plan, estate)
        _years(plan, telling, on)
        with transaction.atomic():
            _month(plan, telling, on)
    on(Progress("statistics"))
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")


def _years(plan: Plan, telling: Telling, on: Callable[[Progress], None]) -> None:
    written = 0

    def more(promotions: int) -> None:
        nonlocal written
        written += promotions
        on(Progress("the years before", written, plan.older))

    if plan.older:
        telling.tell_light(history.light(plan, telling.estate), on=more)


def _month(plan: Plan, telling: Telling, on: Callable[[Progress], None]) -> None:
    on(Progress("the month"))
    estate, begins = telling.estate, last_session(plan.now)
    cast = {app.slug: begins for app in estate.cast.values()}
    arrivals = history.arrivals(plan, estate, until=cast)
    telling.tell(arrivals)
    telling.tables.hand_over()
    telling.come_to(plan.month_begins)
    stage = Stage(plan, estate, telling, plan.month_begins)
    played = set(cast)
    Acts(stage, [app for app in estate.apps[:200] if app.slug not in played] or estate.apps, arrivals).plan()
    Scenes(stage, begins).plan()
    days = (plan.now - plan.month_begins).days
    for day in range(1, days + 1):
        stage.run(plan.month_begins + day * timedelta(days=1))
        on(Progress("the month", day, days))
    stage.run(plan.now)
    on(Progress("today"))
    stage.hand_over()
    _watch(stage)
    _much(stage)
    told.deliver(plan)


def _watch(stage: Stage) -> None:
    """What does not move is noted, and its people are told."""
    watching.sweep(now=stage.now)
    for stall in Stall.objects.going_on().order_by("since"):
        watching.tell(stall.pk, now=stage.now)


def _much(stage: Stage) -> None:
    """A deploy that printed a lot, and a check that measured often."""
    app = stage.estate.cast.get("big")
    found = Promotion.objects.filter(target__application=app.pk).order_by("-id").first() if app else None
    if found is None:
        return
    steps = Step.objects.filter(promotion=found)
    deploy, check = steps.filter(kind=StepKind.DEPLOY).first(), steps.filter(kind=StepKind.CHECK).last()
    if deploy is not None:
        lines = [_line(at) for at in range(LOG_LINES)]
        chunks = ["\n".join(lines[at : at + 500]) + "\n" for at in range(0, LOG_LINES, 500)]
        stage.telling.tables.log.insert((deploy.pk, deploy.started_at or stage.now, chunk) for chunk in chunks)
    if check is not None:
        until = check.finished_at or stage.now
        many = readings.many(stage.plan.rng, MEASUREMENTS, until=until)
        stage.telling.tables.measurements.insert((check.pk, *row) for row in many)


def _line(number: int) -> str:
    what = "already there" if number % 7 else "uploaded"
    return f"\x1b[2m{number:05}\x1b[0m asset \x1b[34mapplication-{number:05x}.js\x1b[0m {what}"
