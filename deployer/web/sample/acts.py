"""What people did in the month besides releasing: bookings, freezes, hours, pins, trust, hours of quiet."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from apps_registry.models import Application, Team
from apps_registry.trust import open_trust_issue, resolve_trust_issue
from deployer.calendar.actions.freezes import NewFreeze, declare, lift
from deployer.calendar.actions.series import book_series
from deployer.calendar.actions.slots import NewSlot, book, cancel
from deployer.calendar.models import Freeze, Slot
from deployer.promotions.actions.pins import pin, unpin
from deployer.promotions.actions.vetoes import veto, withdraw_veto
from deployer.promotions.models import Pin, Veto
from deployer.refusal import RefusedError
from deployer.releases.models import Deployment
from deployer.tracking.actions import receive
from deployer.tracking.models import TrackedProject
from deployer.tracking.payloads import Report, What
from deployer.web.sample.estate import App
from deployer.web.sample.history import Arrival, Run
from deployer.web.sample.hours import LONDON, is_working_day, next_open
from deployer.web.sample.plan import DAY
from deployer.web.sample.stage import Stage

HOUR = timedelta(hours=1)
DAYS_AHEAD = 14
NOTES = (
    "Schema migration; needs five minutes of read-only.",
    "With the new content types.",
    "Together with the change in Publishing API.",
    "",
    "",
)
ERRORS = (
    ("NoMethodError: undefined method `title' for nil", "ContentItemPresenter#title"),
    ("ActiveRecord::ConnectionTimeoutError: could not obtain a connection", "Edition.find_by_slug"),
    ("GdsApi::TimedOutException", "SearchController#index"),
    ("Redis::CannotConnectError", "Sidekiq::Client.push"),
    ("KeyError: key not found: \"SENTRY_DSN\"", "config/initializers/sentry.rb"),
)  # fmt: skip


@dataclass
class Acts:
    """Plans all of them on the stage."""

    stage: Stage
    apps: Sequence[App]
    arrivals: Sequence[Arrival]
    declared: list[Freeze] = field(default_factory=list)

    def plan(self) -> None:
        self._slots()
        self._freezes()
        self._trust()
        self._pins_and_vetoes()
        self._errors()

    # --- The calendar ------------------------------------------------------------------------------

    def _slots(self) -> None:
        stage, rng = self.stage, self.stage.plan.rng
        first = stage.plan.month_begins.astimezone(LONDON).replace(hour=0, minute=0, second=0, microsecond=0)
        for day in range((stage.plan.now - stage.plan.month_begins).days + DAYS_AHEAD):
            local = first + day * DAY
            if not is_working_day(local):
                continue
            for run in self._runs_on(local):
                assert run.starts is not None  # noqa: S101 — narrows the type
                start = run.starts.replace(minute=run.starts.minute // 5 * 5, second=0, microsecond=0)
                book_at = start - stage.plan.around(3600, 30 * 3600)
                notes = rng.choice(NOTES)
                self._at(book_at, self._booking([run.arrival.app], run.place.environment, start, notes, cancels=False))
            for hour in rng.sample(range(10, 16), k=1 if local < stage.plan.now else rng.choice((1, 2, 3))):
                start = local.replace(hour=hour, minute=rng.choice((0, 30))).astimezone(UTC)
                apps = rng.sample(self.apps, k=min(len(self.apps), rng.choice((1, 1, 1, 2))))
                booked = min(start, stage.plan.now) - stage.plan.around(1800, 40 * 3600)
                where = rng.choice(("production", "production", "staging"))
                self._at(booked, self._booking(apps, where, start, rng.choice(NOTES), cancels=rng.random() < 0.1))
        self._at(stage.plan.month_begins + 2 * DAY, self._series)

    def _runs_on(self, local: datetime) -> list[Run]:
        """Some of what was deployed to production on that day: what slots were booked for."""
        runs = [
            run
            for arrival in self.arrivals
            for run in arrival.runs
            if run.starts and run.place.is_production and run.starts.astimezone(LONDON).date() == local.date()
        ]
        return self.stage.plan.rng.sample(runs, k=min(len(runs), 4))

    def _booking(
        self, apps: Sequence[App], where: str, start: datetime, notes: str, *, cancels: bool
    ) -> Callable[[], None]:
        def act() -> None:
            stage, environment = self.stage, self.stage.environments[where]
            chosen = Application.objects.filter(
                pk__in=[app.pk for app in apps], targets__environment=environment
            ).select_related("owner")
            new = NewSlot(
                environment=environment,
                applications=list(chosen),
                starts_at=start,
                ends_at=start + timedelta(minutes=30),
                notes=notes,
                watched_by=stage.teammate(apps[0], 1).actor.label,
            )
            rights = stage.teammate(apps[0]) if len(apps) == 1 else stage.rights("manager")
            with suppress(RefusedError):
                slot = book(new=new, rights=rights, now=stage.now)
                if cancels:
                    self._at(stage.now + (start - stage.now) / 3, lambda: self._cancel(slot))

        return act

    def _cancel(self, slot: Slot) -> None:
        with suppress(RefusedError):
            cancel(slot=slot, rights=self.stage.rights("manager"), reason="Not ready yet.", now=self.stage.now)

    def _series(self) -> None:
        stage = self.stage
        app = next((one for one in self.apps if len(one.places) == 3), self.apps[0])
        start = next_open(stage.now.replace(hour=11, minute=0, second=0, microsecond=0) + DAY)
        first = NewSlot(
            environment=stage.environments["production"],
            applications=[stage.application(app)],
            starts_at=start,
            ends_at=start + timedelta(minutes=30),
            notes="The weekly release.",
        )
        with suppress(RefusedError):
            book_series(
                first=first, rule="FREQ=WEEKLY", zone="Europe/London", rights=stage.teammate(app), now=stage.now
            )

    def _freezes(self) -> None:
        stage, now = self.stage, self.stage.plan.now
        manager, production = stage.rights("manager"), [stage.environments["production"]]
        self._at(now - 21 * DAY, lambda: self._freeze("The Budget: nothing changes until the speech is over.",
            stage.now + HOUR, stage.now + 7 * HOUR, environments=production))  # fmt: skip
        self._at(now - 11 * DAY, lambda: self._freeze("Incident 1142: Publishing API answers slowly.",
            stage.now, None, environments=production))  # fmt: skip
        self._at(now - 11 * DAY + 3 * HOUR, lambda: lift(
            freeze=self.declared[-1], reason="The incident is over.", rights=manager, now=stage.now))  # fmt: skip
        self._at(now - 6 * DAY, lambda: self._freeze("Christmas: only security fixes, by hand.",
            now + 16 * DAY, now + 30 * DAY, environments=production, allows_by_hand=True))  # fmt: skip
        self._at(now - 5 * DAY, lambda: self._freeze("Nightly reindexing of search.",
            _midnight(now - 5 * DAY), _midnight(now - 5 * DAY) + 2 * HOUR, recurrence="FREQ=DAILY",
            environments=[stage.environments["staging"]], teams=list(Team.objects.order_by("pk")[:1])))  # fmt: skip
        if frozen := stage.estate.cast.get("frozen"):
            self._at(now - 2 * DAY, lambda: self._freeze("A penetration test: the version must not change.",
                stage.now, now + 2 * DAY, environments=production,
                applications=[stage.application(frozen)]))  # fmt: skip

    def _freeze(self, reason: str, starts_at: datetime, ends_at: datetime | None, **scope: Any) -> None:
        new = NewFreeze(reason=reason, starts_at=starts_at, ends_at=ends_at, contact="#govuk-platform", **scope)
        self.declared.append(declare(new=new, rights=self.stage.rights("manager"), now=self.stage.now))

    # --- Trust, pins, vetoes, errors ---------------------------------------------------------------

    def _trust(self) -> None:
        stage = self.stage
        for at, app in enumerate(self.apps[:4]):
            self._at(stage.plan.month_begins + (3 + 4 * at) * DAY, partial(self._distrust, app, at))

    def _distrust(self, app: App, at: int) -> None:
        stage = self.stage
        reason = ("No smoke test covers sign-in.", "Its rollback was never tried.", "It fails now and then at start.")
        rights = stage.teammate(app)
        issue = open_trust_issue(
            application=stage.application(app), environment=stage.environments["production"] if at % 2 else None,
            reason=reason[at % 3], rights=rights, now=stage.now,
        )  # fmt: skip
        if at < 3:
            self._at(stage.now + 2 * DAY, lambda: resolve_trust_issue(
                issue=issue, resolution="There is a test now, and it has passed for two days.", rights=rights,
                now=stage.now))  # fmt: skip

    def _pins_and_vetoes(self) -> None:
        for at, app in enumerate(self.apps[4:7]):
            begins = self.stage.plan.month_begins + (8 + 3 * at) * DAY
            self._at(begins, partial(self._pin, app))
            self._at(begins + 3 * HOUR, partial(self._unpin, app))

    def _pin(self, app: App) -> None:
        stage, target = self.stage, self.stage.target(app, app.places[-1].environment)
        live = Deployment.objects.good().live_on(target.pk)
        if live is not None:
            with suppress(RefusedError):
                pin(target=target, release=live.release, rights=stage.teammate(app), now=stage.now,
                    reason="The election pages must not change today.")  # fmt: skip
        older = Deployment.objects.filter(target=target).order_by("id").select_related("release__application__owner")
        with suppress(RefusedError):
            veto(release=older[0].release, rights=stage.teammate(app), reason="It loses drafts.", now=stage.now)

    def _unpin(self, app: App) -> None:
        stage, rights = self.stage, self.stage.teammate(app, 1)
        for one in Pin.objects.standing().filter(target__application=app.pk):
            unpin(pin=one, rights=rights, reason="The polls have closed.", now=stage.now)
        for another in Veto.objects.standing().filter(release__application=app.pk):
            withdraw_veto(veto=another, rights=rights, reason="It was the database, not the release.", now=stage.now)

    def _errors(self) -> None:
        rng = self.stage.plan.rng
        for at, project in enumerate(TrackedProject.objects.select_related("application").order_by("pk")):
            for key in range(rng.choice((1, 1, 2, 3))):
                when = self.stage.plan.now - self.stage.plan.around(3600, 20 * 86400)
                self._at(when, partial(self._error, project, f"{at}-{key}"))

    def _error(self, project: TrackedProject, key: str) -> None:
        stage, rng = self.stage, self.stage.plan.rng
        title, culprit = rng.choice(ERRORS)
        for what in (What.NEW, rng.choice((What.SEEN, What.RESOLVED, What.IGNORED, What.SEEN))):
            report = Report(
                projects=frozenset({project.project}), key=key, what=what, title=title, culprit=culprit, at=stage.now,
                url=f"https://errors.example.org/issues/{key}/", level="error", count=rng.randrange(1, 900),
                environment=rng.choice(("production", "staging")),
            )  # fmt: skip
            receive(tracker=project.tracker, connection=project.connection, report=report, now=stage.now)

    def _at(self, moment: datetime, act: Callable[[], object]) -> None:
        self.stage.at(max(moment, self.stage.now), act)


def _midnight(moment: datetime) -> datetime:
    return moment.astimezone(LONDON).replace(hour=1, minute=0, second=0, microsecond=0).astimezone(UTC)
