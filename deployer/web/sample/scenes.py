"""What goes on now: for each state and each reason to wait an application that shows it."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta

from apps_registry.actions import archive
from apps_registry.trust import open_trust_issue
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import NewSlot, book
from deployer.promotions.actions.abort import abort
from deployer.promotions.actions.approvals import approve, reject
from deployer.promotions.actions.hold import NewHold, lift_hold, place_hold
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.actions.pins import pin
from deployer.promotions.actions.promote import roll_back
from deployer.promotions.actions.vetoes import veto
from deployer.promotions.actions.ways_out import fix_forward, retry, retry_step
from deployer.promotions.states import PromotionState
from deployer.refusal import RefusedError
from deployer.releases.models import Deployment
from deployer.web.sample.estate import App
from deployer.web.sample.hours import next_open
from deployer.web.sample.stage import Script, Stage

MINUTE = timedelta(minutes=1)
_WAITING = PromotionState.WAITING


@dataclass
class Scenes:
    """`begins` is a working day's opening, hours ago: by now what passes through production has done so."""

    stage: Stage
    begins: datetime

    def plan(self) -> None:
        for at, (role, app) in enumerate(self.stage.estate.cast.items()):
            scene: Callable[[App], None] | None = getattr(self, f"_{role}", None)
            if scene is not None and len(app.places) == 3:
                self._start = self.begins + (3 * at + 2) * MINUTE
                scene(app)

    def _at(self, minutes: float, act: Callable[[], object]) -> None:
        """So long after the scene has begun."""
        self.stage.at(self._start + minutes * MINUTE, act)

    def _before_now(self, minutes: float, act: Callable[[], object]) -> None:
        self.stage.at(self.stage.plan.now - minutes * MINUTE, act)

    def _release(self, app: App, environment: str = "", script: Script | None = None) -> Callable[[], object]:
        """An act: a release of it, which goes by the script in the environment."""

        def act() -> None:
            if script is not None:
                self.stage.scripts[app.slug, environment] = script
            self.stage.release(app)

        return act

    def _plain(self, app: App, environment: str) -> None:
        self.stage.scripts.pop((app.slug, environment), None)

    # --- Stopped -----------------------------------------------------------------------------------

    def _stopped(self, app: App) -> None:
        self._at(0, self._release(app, "production", Script(stops="Error rate")))

    def _rolls_back(self, app: App) -> None:
        self._at(0, self._release(app, "production", Script(stops="Health")))

    def _errored(self, app: App) -> None:
        self._at(0, self._release(app, "staging", Script(unknown=True)))

    def _fixes(self, app: App) -> None:
        self._at(0, self._release(app, "staging", Script(stops="Smoke test")))
        self._at(40, lambda: fix_forward(
            hold=self.stage.hold(app), rights=self.stage.teammate(app), now=self.stage.now,
            reason="The fix is merged and is being built."))  # fmt: skip
        self._before_now(5, self._release(app, "staging", Script(stays="Deploy")))

    def _retried(self, app: App) -> None:
        self._at(0, self._release(app, "staging", Script(stops="Smoke test")))
        self._at(30, lambda: self._plain(app, "staging"))
        self._at(31, lambda: retry_step(
            hold=self.stage.hold(app), rights=self.stage.teammate(app), now=self.stage.now,
            reason="A flaky scenario, known since Monday."))  # fmt: skip
        self._at(60, self._release(app, "integration", Script(stops="Deploy")))
        self._at(70, lambda: self._plain(app, "integration"))
        self._at(71, lambda: retry(
            hold=self.stage.hold(app), rights=self.stage.teammate(app, 1), now=self.stage.now,
            reason="The registry was down."))  # fmt: skip

    def _went_back(self, app: App) -> None:
        self._at(0, self._release(app))
        self._at(90, lambda: roll_back(
            target=self.stage.target(app, "production"), by=self.stage.teammate(app).actor, now=self.stage.now,
            reason="Editors can't save drafts since then."))  # fmt: skip

    def _held(self, app: App) -> None:
        self._at(0, lambda: self._place(app, "staging", "The staging database is being copied.", None))
        self._at(5, self._release(app))
        self._at(35, self._release(app))

    def _held_until(self, app: App) -> None:
        ends = self.stage.plan.now + timedelta(hours=5)
        self._at(0, lambda: self._place(app, "", "A load test runs until this evening.", ends))
        self._at(5, self._release(app))

    def _place(self, app: App, environment: str, reason: str, ends_at: datetime | None) -> None:
        rights = self.stage.teammate(app)
        place_hold(
            application=self.stage.application(app),
            environment=self.stage.environments.get(environment),
            new=NewHold(reason=reason, contact=rights.actor.label, ends_at=ends_at),
            rights=rights,
            now=self.stage.now,
        )

    # --- Waiting -----------------------------------------------------------------------------------

    def _asked(self, app: App) -> None:
        self._at(0, self._release(app))

    def _approved(self, app: App) -> None:
        self._at(0, self._release(app))
        self._at(60, lambda: self._answers(app, 0))

    def _answers(self, app: App, teammate: int) -> None:
        with suppress(RefusedError):
            approve(
                promotion=self.stage.promotion(app, "production", _WAITING),
                rights=self.stage.teammate(app, teammate),
                comment="Read it; the migration is safe.",
                now=self.stage.now,
            )

    def _rejected(self, app: App) -> None:
        self._at(0, self._release(app))
        self._at(30, lambda: self._answers(app, 0))
        self._at(60, self._release(app))
        self._at(110, lambda: self._rejects(app))

    def _rejects(self, app: App) -> None:
        with suppress(RefusedError, IndexError):
            reject(
                promotion=self.stage.promotion(app, "production", _WAITING),
                rights=self.stage.teammate(app, 1),
                reason="Not before the translations are in.",
                now=self.stage.now,
            )

    def _overridden(self, app: App) -> None:
        """What blocks it in production is passed with a manager's leave: the hours by night, its own freeze by day."""
        stage = self.stage
        stage.scripts[app.slug, "production"] = Script(stays="Error rate")
        self._before_now(60, lambda: self._freezes(app))
        self._before_now(50, self._release(app))
        self._before_now(6, lambda: self._overrides(app))

    def _freezes(self, app: App) -> None:
        stage = self.stage
        new = NewFreeze(
            starts_at=stage.now,
            ends_at=stage.plan.now + timedelta(hours=6),
            reason="The minister's announcement: no change to this service meanwhile.",
            environments=[stage.environments["production"]],
            applications=[stage.application(app)],
        )
        declare(new=new, rights=stage.rights("manager"), now=stage.now)

    def _overrides(self, app: App) -> None:
        found = self.stage.promotion(app, "production", _WAITING)
        for blocker in found.waits_for:
            if blocker.overridable:
                new = NewOverride(
                    blocker=blocker.name,
                    reason="A security fix: it can't wait for the morning.",
                    expires_at=self.stage.now + timedelta(hours=2),
                )
                override_promotion(promotion=found, new=new, rights=self.stage.rights("manager"), now=self.stage.now)

    def _pinned(self, app: App) -> None:
        target = self.stage.target(app, "production")

        def act() -> None:
            live = Deployment.objects.live_on(target.pk)
            if live is not None:
                pin(target=target, release=live.release, rights=self.stage.teammate(app), now=self.stage.now,
                    reason="The petition closes on Friday; nothing changes before.")  # fmt: skip

        self._at(0, act)
        self._at(5, self._release(app))

    def _vetoed(self, app: App) -> None:
        self._at(0, lambda: self._place(app, "production", "Its report on accessibility is awaited.", None))
        self._at(2, self._release(app))
        self._at(50, lambda: veto(
            release=self.stage.promotion(app, "production").release, rights=self.stage.teammate(app),
            reason="It shows drafts to readers.", now=self.stage.now))  # fmt: skip
        self._at(60, lambda: lift_hold(
            hold=self.stage.hold(app), rights=self.stage.teammate(app), now=self.stage.now,
            resolution="The report is in: the next version mends what it found."))  # fmt: skip

    def _distrusted(self, app: App) -> None:
        self._at(0, lambda: open_trust_issue(
            application=self.stage.application(app), environment=self.stage.environments["production"],
            reason="Twice this month a deploy lost the uploads of the last minute.",
            rights=self.stage.teammate(app), now=self.stage.now))  # fmt: skip
        self._at(5, self._release(app))

    def _started(self, app: App) -> None:
        self._at(0, self._release(app))

    def _slotted(self, app: App) -> None:
        self._at(0, self._release(app))
        self._at(45, lambda: self._books(app))

    def _books(self, app: App) -> None:
        stage = self.stage
        start = next_open(stage.plan.now + timedelta(hours=20)).replace(minute=0, second=0, microsecond=0)
        release = stage.promotion(app, "production", _WAITING).release
        for hours in range(1, 60):
            at = next_open(start + timedelta(hours=hours))
            new = NewSlot(
                environment=stage.environments["production"],
                applications=[stage.application(app)],
                starts_at=at,
                ends_at=at + timedelta(minutes=30),
                releases={app.pk: release},
                notes="Somebody of the team watches the dashboard.",
            )
            with suppress(RefusedError):
                book(new=new, rights=stage.teammate(app), now=stage.now)
                return

    def _unconfigured(self, app: App) -> None:
        self._at(0, self._release(app))

    def _frozen(self, app: App) -> None:
        self._at(0, self._release(app))

    def _ordered(self, app: App) -> None:
        self._before_now(9, self._release(app, "integration", Script(stays="Deploy")))
        self._before_now(6, self._release(app))
        self._before_now(3, self._release(app))

    def _busy(self, app: App) -> None:
        self._before_now(7, self._release(app, "integration", Script(stays="Deploy")))
        self._before_now(2, self._release(app))

    def _twin(self, app: App) -> None:
        self._before_now(8, self._release(app, "staging", Script(stays="Deploy")))

    def _other_twin(self, app: App) -> None:
        self._before_now(5, self._release(app))

    def _full(self, app: App) -> None:
        self._before_now(1, self._release(app))

    # --- Moving and ended --------------------------------------------------------------------------

    def _moving(self, app: App) -> None:
        self._before_now(3, self._release(app, "integration", Script(stays="Deploy")))

    def _verifying(self, app: App) -> None:
        self._before_now(6, self._release(app, "staging", Script(takes=20, stays="Health")))

    def _soaking(self, app: App) -> None:
        self._before_now(20, self._release(app))

    def _aborting(self, app: App) -> None:
        self._at(0, self._release(app, "integration", Script(takes=60)))
        self._at(0.5, lambda: self._aborts(app, "Wrong branch."))
        self._before_now(4, self._release(app, "integration", Script(stays="Deploy")))
        self._before_now(1, lambda: self._aborts(app, "Its configuration is missing."))

    def _aborts(self, app: App, reason: str) -> None:
        abort(
            promotion=self.stage.promotion(app, "integration"),
            by=self.stage.teammate(app).actor,
            reason=reason,
            now=self.stage.now,
        )

    def _archived(self, app: App) -> None:
        self._before_now(0, lambda: archive(
            self.stage.application(app), by=self.stage.rights("admin").actor, now=self.stage.now,
            reason="Replaced; switched off last week."))  # fmt: skip

    def _big(self, app: App) -> None:
        self._at(0, self._release(app))
