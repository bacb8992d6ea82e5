"""Writes what `history` says: rows of releases, promotions, steps and deployments, and the events of it all."""

import json
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from deployer.audit.actor import ENGINE, Actor, ActorKind
from deployer.promotions.models import Promotion, Step
from deployer.promotions.models.hold import HoldKind
from deployer.promotions.states import PromotionState, StepState
from deployer.releases.models import Deployment, Release
from deployer.releases.models.release import SPACING
from deployer.web.sample import readings, words
from deployer.web.sample.estate import App, Estate, Place
from deployer.web.sample.history import Arrival, Run
from deployer.web.sample.plan import Plan
from deployer.web.sample.tables import Row, Tables

CI = Actor(ActorKind.TOKEN, "1", "token ci")
CHUNK = 4000
_P = PromotionState


@dataclass(slots=True)
class Batch:
    """Rows that are written together, in an order in which each finds what it refers to."""

    releases: list[Row] = field(default_factory=list)
    changes: list[Row] = field(default_factory=list)
    deployments: list[Row] = field(default_factory=list)
    promotions: list[Row] = field(default_factory=list)
    steps: list[Row] = field(default_factory=list)
    measurements: list[Row] = field(default_factory=list)
    log: list[Row] = field(default_factory=list)
    holds: list[Row] = field(default_factory=list)

    def write(self, tables: Tables) -> None:
        for name in self.__slots__:
            rows: list[Row] = getattr(self, name)
            getattr(tables, name).insert(rows)
            rows.clear()


class Telling:
    """`events` are those that are not written yet: they are written in the order of their time, whoever brought them
    about."""

    def __init__(self, plan: Plan, estate: Estate) -> None:
        self.plan, self.estate = plan, estate
        self.tables, self.batch = Tables(), Batch()
        self.events: list[Row] = list(estate.events)
        self.numbers: dict[int, int] = {}
        self._live: dict[int, str] = {}
        self._sorted: deque[Row] = deque()
        self._waiting: list[Row] = []

    # --- The years before: light -------------------------------------------------------------------

    def tell_light(self, released: Iterator[tuple[datetime, App]], *, on: Callable[[int], None]) -> None:
        """A deploy step and three events for each promotion. `on` hears how many were written."""
        for count, (at, app) in enumerate(released, start=1):
            number = self.numbers[app.pk] = self.numbers.get(app.pk, 0) + 1
            version, commit = f"v{number}", self.plan.hex(40)
            release = self._release(app, number, version, commit, at)
            begins = at
            for place in app.places:
                begins += timedelta(seconds=240 + self.plan.rng.random() * 60)
                self._light_promotion(app, place, release, version, begins)
            if count % CHUNK == 0:
                self._write(until=at)
                on(CHUNK)
        self._write(until=self.plan.month_begins)

    def _light_promotion(self, app: App, place: Place, release: int, version: str, begins: datetime) -> None:
        new, batch = self.tables.new_id, self.batch
        deployment, promotion, step = new(Deployment), new(Promotion), new(Step)
        ends = begins + timedelta(seconds=90)
        passed = begins + timedelta(seconds=60)
        batch.deployments.append((deployment, place.target, release, passed, ends, None))
        batch.promotions.append(
            (promotion, release, place.target, "forward", "succeeded", "", "", _live_there(version, place), None,
             deployment, begins, begins, ends)
        )  # fmt: skip
        batch.steps.append(
            (step, promotion, 0, "deploy", "Deploy", _LIGHT_SPEC, "passed", self.plan.hex(32), 1, begins, "", begins,
             passed, "sample-deploy exited with code 0.", "{}")
        )  # fmt: skip
        title = f"{app.slug} {version} to {place.environment}"
        at = _About(app.slug, place.environment, release, promotion, title)
        self.events += (
            at.event(begins, "promotion.requested", ENGINE, f"Promotion of {title} was asked for.", "waiting"),
            at.event(begins, "promotion.started", ENGINE, f"{title} started.", "deploying"),
            at.event(ends, "promotion.succeeded", ENGINE, f"{title} succeeded.", "succeeded"),
        )

    # --- The month: in full ------------------------------------------------------------------------

    def tell(self, arrivals: list[Arrival]) -> None:
        """Everything that a promotion has. Writes the rows at once and keeps the events."""
        ids: dict[int, int] = {}
        brought: dict[int, int] = {}
        runs = [run for arrival in arrivals for run in arrival.runs]
        for run in sorted(runs, key=lambda run: run.asked):
            ids[id(run)] = self.tables.new_id(Promotion)
        # A place's deployments are numbered by when they were made, since the newest is what is live.
        for run in sorted((run for run in runs if _deploys(run)), key=lambda run: run.starts or run.asked):
            brought[id(run)] = self.tables.new_id(Deployment)
        releases: dict[int, int] = {}
        for arrival in arrivals:
            number = self.numbers[arrival.app.pk] = self.numbers.get(arrival.app.pk, 0) + 1
            arrival.number, arrival.version = number, f"v{number}"
            releases[id(arrival)] = self._release(
                arrival.app, number, arrival.version, self.plan.hex(40), arrival.at - timedelta(seconds=1)
            )
        for run in sorted(runs, key=lambda run: run.asked):
            newer = ids[id(run.newer)] if run.newer else None
            self._run(run, releases[id(run.arrival)], ids[id(run)], brought.get(id(run)), newer)
        self._write_rows()

    def _run(self, run: Run, release: int, promotion: int, deployment: int | None, newer: int | None) -> None:
        app, place = run.arrival.app, run.place
        title = f"{app.slug} {run.arrival.version} to {place.environment}"
        about = _About(app.slug, place.environment, release, promotion, title)
        kind = "rollback" if run.back_to else "forward"
        person = self.plan.rng.choice(self.estate.team_of(app)).as_actor()
        asker = person if run.by_hand else ENGINE
        word = "Rollback" if run.back_to else "Promotion"
        by = CI if place is app.places[0] and not run.back_to else ENGINE
        reason = "The policy rolls back when a check fails." if run.back_to else ""
        self._say(about, run.asked, "promotion.requested", by, f"{word} of {title} was asked for.", "waiting", reason)
        if run.by_hand and run.starts:
            self._say(about, run.starts, "promotion.requested", asker, f"{asker} asked for {title} by hand.", "waiting")
        outcome = self._outcome(run, person)
        if run.starts is None:
            self._ends_waiting(run, about, outcome, person)
        else:
            if deployment is not None:
                verified = run.ends if run.state == _P.SUCCEEDED else None
                arrived = run.starts + (run.ends - run.starts) * 0.6 if run.ends else run.starts
                self.batch.deployments.append((deployment, place.target, release, arrived, verified, None))
            self._steps(run, about)
            self._ended(run, about, outcome)
        rows = self._waiting if run.state == _P.WAITING else self.batch.promotions
        rows.append(
            (promotion, release, place.target, kind, run.state, asker.label if run.by_hand else "", reason, outcome,
             newer, deployment, run.asked, run.starts, run.ends)
        )  # fmt: skip
        if run.lifted and run.ends:
            self._hold(run, about, release, outcome)

    def _outcome(self, run: Run, person: Actor) -> str:
        version = run.arrival.version
        match run.state:
            case _P.SUCCEEDED:
                return _live_there(version, run.place)
            case _P.SUPERSEDED if run.newer:
                return f"{run.newer.arrival.version} goes instead."
            case _P.ABORTED:
                return f"Aborted by {person}: {self.plan.rng.choice(words.ABORTED_BECAUSE)}"
            case _P.FAILED:
                return f"{run.stops} failed. {self.plan.rng.choice(words.STOPPED_BECAUSE)}"
            case _P.ERRORED:
                return "Deploy errored. It did not end in time, so its outcome is unknown."
            case _:
                return ""

    def _ends_waiting(self, run: Run, about: "_About", outcome: str, person: Actor) -> None:
        if run.ends is None:
            return
        if run.state == _P.SUPERSEDED:
            sentence, by = f"{about.title} was superseded: {outcome}", ENGINE
        else:
            sentence, by = f"{about.title} was aborted by {person}.", person
        self._say(about, run.ends, f"promotion.{run.state}", by, sentence, run.state, ends=run)

    def _steps(self, run: Run, about: "_About") -> None:
        assert run.starts is not None  # noqa: S101 — narrows the type
        assert run.ends is not None  # noqa: S101 — narrows the type
        previous = self._live.get(run.place.target, "")
        begun = about.event(run.starts, "promotion.started", ENGINE, f"{about.title} started.", "deploying")
        begun[-1]["previous"] = previous
        self.events.append(begun)
        at, length = run.starts, (run.ends - run.starts - timedelta(seconds=run.place.soak))
        stopped = False
        for position, planned in enumerate(readings.planned(run.place)):
            step = self.tables.new_id(Step)
            until = at + length * planned.share
            state = _step_state(run, planned.name, stopped=stopped)
            stopped = stopped or state in (StepState.FAILED, StepState.ERRORED)
            if planned.kind == "soak":
                until = run.ends
            if state == StepState.SKIPPED:
                self.batch.steps.append(
                    (step, about.promotion, position, planned.kind, planned.name, planned.spec, state,
                     self.plan.hex(32), 0, None, "", None, run.ends, "", {})
                )  # fmt: skip
                continue
            made = readings.observed(planned, run, self.plan.rng, at=at, until=until, failed=state != StepState.PASSED)
            self.batch.steps.append(
                (step, about.promotion, position, planned.kind, planned.name, planned.spec, state, self.plan.hex(32),
                 len(made.measurements) or 2, at, self.plan.hex(32), at, until, made.sentence, made.baseline)
            )  # fmt: skip
            self.batch.measurements += [(step, *one) for one in made.measurements]
            self.batch.log += [(step, *one) for one in made.log]
            sentence = f"{about.title}: {planned.name} {state.label.lower()}. {made.sentence}".strip()
            now = "deploying" if planned.kind == "deploy" else "verifying"
            self._say(about, until, f"promotion.step_{state}", ENGINE, sentence, now, step=position)
            if planned.kind == "deploy" and not stopped:
                self._say(about, until, "promotion.verifying", ENGINE, f"{about.title} is being verified.", "verifying")
            at = until
        self._live[run.place.target] = run.arrival.version

    def _ended(self, run: Run, about: "_About", outcome: str) -> None:
        assert run.ends is not None  # noqa: S101 — narrows the type
        sentence = f"{about.title} succeeded." if run.state == _P.SUCCEEDED else f"{about.title} {run.state}: {outcome}"
        self._say(about, run.ends, f"promotion.{run.state}", ENGINE, sentence, run.state, ends=run)

    def _hold(self, run: Run, about: "_About", release: int, outcome: str) -> None:
        person = self.plan.rng.choice(self.estate.team_of(run.arrival.app)).as_actor()
        resolution = self.plan.rng.choice(words.RESOLUTIONS)
        reason = f"Promotion of {run.arrival.version} {run.state}. {outcome}"
        self.batch.holds.append(
            (run.arrival.app.pk, run.place.environment_id, HoldKind.FAILURE, reason, about.promotion, release,
             ENGINE.label, run.ends, "lift", person.label, run.lifted, resolution)
        )  # fmt: skip
        where = f"{about.application} in {about.environment}"
        lifted = run.lifted or self.plan.now
        self._say(about, lifted, "hold.lifted", person, f"{person} lifted the hold of {where}.", run.state, resolution)

    def _say(
        self, about: "_About", at: datetime, kind: str, by: Actor, sentence: str, state: str, reason: str = "",
        *, ends: Run | None = None, **data: object,
    ) -> None:  # fmt: skip
        event = about.event(at, kind, by, sentence, state, reason)
        if ends is not None:
            name = f"{about.application} {ends.arrival.version}"
            event[-1].update(release=name, production=ends.place.is_production, authors=[])
        event[-1].update(data)
        self.events.append(event)

    # --- Both --------------------------------------------------------------------------------------

    def _release(self, app: App, number: int, version: str, commit: str, at: datetime) -> int:
        release = self.tables.new_id(Release)
        build = f"https://github.com/alphagov/{app.slug}/actions/runs/{9_000_000_000 + release}"
        built = at - timedelta(seconds=200)
        self.batch.releases.append(
            (release, app.pk, number, number * SPACING, version, commit, build, built, at, CI.label)
        )
        self.batch.changes += changes(self.plan, self.estate, app, release, commit, number)
        self.events.append(
            (at, "release.registered", CI.kind, CI.ref, CI.label, app.slug, "", "", release, None,
             f"{app.slug} {version} was registered.", "", {"version": version, "commit": commit})
        )  # fmt: skip
        return release

    def come_to(self, now: datetime) -> None:
        """Write the events of up to then, and what began to wait."""
        self.write_events(now)
        ready = [row for row in self._waiting if row[10] <= now]
        if ready:
            self._waiting = [row for row in self._waiting if row[10] > now]
            self.tables.waiting.insert((*row, row[10]) for row in ready)

    def write_events(self, until: datetime) -> None:
        """Those of up to then."""
        if self.events:
            self._sorted = deque(sorted([*self._sorted, *self.events], key=lambda event: event[0]))
            self.events.clear()
        ready = []
        while self._sorted and self._sorted[0][0] <= until:
            ready.append(self._sorted.popleft())
        if ready:
            self.tables.events.insert(ready)

    def _write(self, until: datetime) -> None:
        with transaction.atomic():
            self._write_rows()
            self.write_events(until)

    def _write_rows(self) -> None:
        self.batch.write(self.tables)


_LIGHT_SPEC = json.dumps(
    {"kind": "command", "config": {"program": "sample-deploy", "timeout_seconds": 300}, "timeout": 600}
)


@dataclass(frozen=True, slots=True)
class _About:
    """What a promotion's events are about."""

    application: str
    environment: str
    release: int
    promotion: int
    title: str

    def event(self, at: datetime, kind: str, by: Actor, sentence: str, state: str, reason: str = "") -> tuple[Any, ...]:
        url = f"{settings.BASE_URL}/promotions/{self.promotion}/"
        return (
            at, kind, by.kind, by.ref, by.label, self.application, self.environment, "", self.release, self.promotion,
            sentence, reason, {"title": self.title, "state": str(state), "url": url},
        )  # fmt: skip


def changes(plan: Plan, estate: Estate, app: App, release: int, commit: str, number: int) -> Iterator[Row]:
    """One to four, most by people of the team."""
    people, rng = estate.team_of(app), plan.rng
    for position in range(rng.choice((1, 1, 1, 2, 2, 3, 4))):
        title = words.change_title(rng)
        person = rng.choice(people)
        name, email = person.get_full_name(), person.email
        if words.is_robots(title):
            name, email = "dependabot[bot]", ""
        url = f"https://github.com/alphagov/{app.slug}/pull/{number * 3 + position}"
        yield (release, position, title, commit if position == 0 else plan.hex(40), name, email, url)


def _live_there(version: str, place: Place) -> str:
    return f"{version} is live and verified in {place.environment}."


def _deploys(run: Run) -> bool:
    """Whether it made its release live."""
    return run.starts is not None and not (
        run.stops == "Deploy" and run.state in (PromotionState.FAILED, PromotionState.ERRORED)
    )


def _step_state(run: Run, name: str, *, stopped: bool) -> StepState:
    if stopped:
        return StepState.SKIPPED
    if name == run.stops:
        return StepState.FAILED if run.state == PromotionState.FAILED else StepState.ERRORED
    return StepState.PASSED
