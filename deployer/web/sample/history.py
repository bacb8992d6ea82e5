"""What was released when, and how it went: the month as GOV.UK's records have it, and the years before."""

import csv
import gzip
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache

from deployer.promotions.states import PromotionState
from deployer.web.sample.estate import RECORDS, App, Estate, Place
from deployer.web.sample.hours import LONDON, is_working_day, next_open
from deployer.web.sample.plan import DAY, MONTH, Plan

FAILS, ERRS, ABORTED, BY_HAND = 0.018, 0.006, 0.006, 0.3
"""How often a promotion fails, can't be found out, is aborted; and how often somebody starts one of a manual target."""
LAST_RECORDED = datetime(2025, 12, 12, 18, tzinfo=UTC)
"""Before the weeks around Christmas, in which little is deployed."""
_SOONEST = timedelta(minutes=5)


@dataclass(slots=True)
class Arrival:
    """A release that was built."""

    app: App
    number: int
    version: str
    at: datetime
    runs: list["Run"] = field(default_factory=list)


@dataclass(slots=True)
class Run:
    """One promotion: asked for at `asked`, started at `starts`, ended at `ends`.

    `stops` says which step stopped it, `lifted` when its hold was. `newer` is the run of the same place that
    superseded it. `back_to` is of a rollback: the run that had brought what it went back to.
    """

    arrival: Arrival
    place: Place
    asked: datetime
    state: PromotionState = PromotionState.SUCCEEDED
    starts: datetime | None = None
    ends: datetime | None = None
    by_hand: bool = False
    stops: str = ""
    lifted: datetime | None = None
    newer: "Run | None" = None
    back_to: "Run | None" = None


def arrivals(plan: Plan, estate: Estate, *, until: dict[str, datetime]) -> list[Arrival]:
    """The month's, in the order of time, each with its runs. `until` says for some when their history ends."""
    share = min(1.0, plan.recent / max(1, sum(len(_moments(plan, app)) * len(app.places) for app in estate.apps)))
    found: list[Arrival] = []
    for app in estate.apps:
        moments = _kept(plan, _moments(plan, app), share, until=until.get(app.slug, plan.now))
        numbered = [Arrival(app, number, f"v{number}", at) for number, at in enumerate(moments, start=1)]
        _go_through(plan, app, numbered, until=until.get(app.slug, plan.now), is_cast=app.slug in until)
        found += numbered
    return sorted(found, key=lambda arrival: arrival.at)


def _kept(plan: Plan, moments: Sequence[datetime], share: float, *, until: datetime) -> list[datetime]:
    """The newest ones, at least two: there has to be something to go back to."""
    before = [moment for moment in moments if moment < until - timedelta(hours=4)]
    kept = before[-max(2, round(len(moments) * share)) :] if before else []
    first = kept[0] if kept else until - DAY
    return [next_open(first - at * 2 * DAY) for at in range(2 - len(kept), 0, -1)] + kept


def _moments(plan: Plan, app: App) -> list[datetime]:
    """When it was released in the month, by the records; one that is made up follows one of those."""
    recorded = _recorded()
    names = sorted(recorded)
    name = app.slug if app.slug in recorded else names[app.pk % len(names)]
    shift = timedelta(0) if app.slug in recorded else timedelta(minutes=(app.pk * 37) % 300 - 150)
    weeks = -((LAST_RECORDED - plan.now) // timedelta(weeks=1))
    moved = (moment + weeks * timedelta(weeks=1) + shift for moment in recorded[name])
    return [moment for moment in moved if plan.now - MONTH < moment < plan.now - timedelta(minutes=10)]


@cache
def _recorded() -> dict[str, list[datetime]]:
    """When each application of the records was first deployed with each tag."""
    first: dict[str, dict[int, datetime]] = defaultdict(dict)
    with gzip.open(RECORDS / "deployments-2025.csv.gz", "rt", newline="") as file:
        for row in csv.DictReader(file):
            tag = re.fullmatch(r"v(\d+)", row["image_tag"])
            if tag:
                at = datetime.fromisoformat(row["deployed_at_utc"])
                number = int(tag[1])
                first[row["app"]][number] = min(first[row["app"]].get(number, at), at)
    return {app: sorted(numbers.values()) for app, numbers in first.items()}


def _go_through(plan: Plan, app: App, numbered: Sequence[Arrival], *, until: datetime, is_cast: bool) -> None:
    """Let each release go from place to place, the newest alone where several wait."""
    coming = [(arrival, arrival.at) for arrival in numbered]
    for place in app.places:
        runs = [Run(arrival, place, asked) for arrival, asked in coming]
        free = plan.begins
        good: list[Run] = []
        reached: list[tuple[Arrival, datetime]] = []
        for at, run in enumerate(runs):
            following = runs[at + 1] if at + 1 < len(runs) else None
            run.arrival.runs.append(run)
            start = _start(plan, run, free)
            if start is None or start > until - _SOONEST or (following and following.asked <= start):
                _waits(plan, run, following, until=until)
                continue
            run.starts = start
            spare = following is not None and len(good) > 1 and not is_cast
            free = _runs(plan, run, good, may_stop=spare and start < until - 2 * DAY)
            if run.state == PromotionState.SUCCEEDED:
                good.append(run)
                reached.append((run.arrival, free))
        coming = [(arrival, at) for arrival, at in reached if at < until - _SOONEST]


def _start(plan: Plan, run: Run, free: datetime) -> datetime | None:
    """When it starts, if nothing newer comes; None where nobody starts it."""
    place = run.place
    ready = max(run.asked + plan.around(0.2, 3), free + plan.around(0.5, 3))
    if not place.automatic:
        run.by_hand = plan.rng.random() < BY_HAND
        if not run.by_hand:
            return None
        ready += plan.around(600, 3 * 3600)
    return (
        next_open(ready) + (plan.around(1, 90) if place.is_production else plan.around(0, 1))
        if (place.is_production)
        else ready
    )


def _waits(plan: Plan, run: Run, following: Run | None, *, until: datetime) -> None:
    run.by_hand = False
    if following is not None:
        run.state, run.newer, run.ends = PromotionState.SUPERSEDED, following, following.asked + plan.around(0.1, 1)
    elif plan.rng.random() < ABORTED * 20:
        run.state, run.ends = PromotionState.ABORTED, run.asked + (until - run.asked) * plan.rng.uniform(0.2, 0.9)
    else:
        run.state = PromotionState.WAITING


def _runs(plan: Plan, run: Run, good: Sequence[Run], *, may_stop: bool) -> datetime:
    """How it went; returns from when on the place takes another."""
    assert run.starts is not None  # noqa: S101 — narrows the type
    run.ends = run.starts + plan.around(60, 240) + timedelta(seconds=run.place.soak)
    dice = plan.rng.random()
    if not may_stop or dice > FAILS + ERRS:
        return run.ends
    run.state = PromotionState.FAILED if dice < FAILS else PromotionState.ERRORED
    run.stops = plan.rng.choice(["Deploy", "Smoke test", "Health"]) if dice < FAILS else "Deploy"
    run.ends = run.starts + plan.around(50, 120)
    run.lifted = run.ends + plan.around(900, 20 * 3600)
    if run.place.rolls_back and run.stops != "Deploy":
        back = Run(good[-1].arrival, run.place, run.ends, back_to=good[-1])
        back.starts, back.ends = run.ends + plan.around(0.2, 2), run.ends + plan.around(40, 90)
        run.arrival.runs.append(back)
    return run.lifted


def light(plan: Plan, estate: Estate) -> Iterator[tuple[datetime, App]]:
    """When which application was released before the month, in the order of time."""
    weights = [max(1, len(_moments(plan, app))) for app in estate.apps]
    wanted = plan.older / (sum(w * len(a.places) for w, a in zip(weights, estate.apps, strict=True)) or 1)
    days = [
        day
        for at in range((plan.month_begins - plan.begins).days)
        if is_working_day((day := plan.begins + at * DAY).astimezone(LONDON))
    ] or [plan.begins]
    found: list[tuple[datetime, int]] = []
    for at, weight in enumerate(weights):
        number = max(1, round(weight * wanted)) if plan.older else 0
        for _ in range(number):
            day = plan.rng.choice(days).replace(hour=8, minute=30, second=0, microsecond=0)
            found.append((day + timedelta(seconds=plan.rng.random() * 8 * 3600), at))
    found.sort()
    return ((moment, estate.apps[at]) for moment, at in found)
