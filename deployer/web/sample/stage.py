"""Plays the outside for the engine: lets time pass, and answers each deploy and check as a script says."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cached_property

from apps_registry.models import Application, Environment, Target
from apps_registry.rights import Rights, rights_of_user
from deployer.calendar.models import Slot
from deployer.integrations.checks.base import Outcome
from deployer.promotions import jobs
from deployer.promotions.actions.register import register
from deployer.promotions.engine import checking, effects
from deployer.promotions.engine.effects import Action, Claim, Report
from deployer.promotions.models import Hold, Promotion, Step, StepKind
from deployer.promotions.states import PromotionState, StepState
from deployer.releases.actions import NewChange, NewRelease
from deployer.releases.models import Release
from deployer.web.sample import readings, words
from deployer.web.sample.estate import App, Estate
from deployer.web.sample.plan import DAY, Plan
from deployer.web.sample.telling import CI, Telling, changes

NEVER = 400 * DAY


@dataclass(frozen=True, slots=True)
class Script:
    """How a deploy into one place goes: `stops` names the step that says no, or the deploy whose outcome stays unknown
    when `unknown`. `takes` is how many seconds it runs; what `stays` does not come to an end."""

    takes: float = 70
    stops: str = ""
    unknown: bool = False
    stays: str = ""


@dataclass
class Stage:
    """`now` moves with `run`. `scripts` are by application and environment; acts are done when their time has come."""

    plan: Plan
    estate: Estate
    telling: Telling
    now: datetime
    scripts: dict[tuple[str, str], Script] = field(default_factory=dict)
    acts: list[tuple[datetime, int, Callable[[], object]]] = field(default_factory=list)

    @cached_property
    def environments(self) -> dict[str, Environment]:
        return {one.slug: one for one in self.estate.environments}

    def application(self, app: App) -> Application:
        return Application.objects.select_related("owner").get(pk=app.pk)

    def target(self, app: App, environment: str) -> Target:
        targets = Target.objects.select_related("application__owner", "environment")
        return targets.get(application=app.pk, environment__slug=environment)

    def rights(self, username: str) -> Rights:
        return rights_of_user(self.estate.users[username])

    def teammate(self, app: App, place: int = 0) -> Rights:
        return rights_of_user(self.estate.team_of(app)[place])

    def at(self, moment: datetime, act: Callable[[], object]) -> None:
        self.acts.append((moment, len(self.acts), act))

    def release(self, app: App) -> Release:
        """Register the application's next release, with changes of its team."""
        number = self.telling.numbers[app.pk] = self.telling.numbers.get(app.pk, 0) + 1
        commit = self.plan.hex(40)
        rows = changes(self.plan, self.estate, app, 0, commit, number)
        brings = [
            NewChange(title=title, commit=one, author_name=name, author_email=email, url=url)
            for _, _, title, one, name, email, url in rows
        ]
        new = NewRelease(
            version=f"v{number}",
            commit=commit,
            built_at=self.now - timedelta(seconds=200),
            build_url=f"https://github.com/alphagov/{app.slug}/actions/runs/{8_000_000_000 + number}",
            changes=brings,
        )
        return register(application=self.application(app), new=new, by=CI, now=self.now)[0]

    def promotion(self, app: App, environment: str, *states: PromotionState) -> Promotion:
        """The newest there, in one of the states."""
        found = Promotion.objects.with_names().filter(target__application=app.pk, target__environment__slug=environment)
        return (found.filter(state__in=states) if states else found).order_by("-id")[0]

    def hold(self, app: App) -> Hold:
        return Hold.objects.open().filter(application=app.pk).order_by("-id")[0]

    # --- Time --------------------------------------------------------------------------------------

    def run(self, until: datetime) -> None:
        """Do what falls due in its order, as clock, workers and people would."""
        self.acts.sort(key=lambda act: act[:2])
        while True:
            due = self._next(until)
            act = self.acts[0][0] if self.acts and self.acts[0][0] <= until else None
            if due is None and act is None:
                break
            if act is not None and (due is None or act <= due):
                self._come_to(act)
                self.acts.pop(0)[2]()
                self.acts.sort(key=lambda one: one[:2])
            elif due is not None:
                self._come_to(due)
                self._work()
        self._come_to(until)

    def _come_to(self, moment: datetime) -> None:
        self.now = max(self.now, moment)
        self.telling.come_to(self.now)

    def _next(self, until: datetime) -> datetime | None:
        rows = (Promotion.objects, Step.objects, Slot.objects)
        times = [
            row.filter(due_at__lte=until).order_by("due_at").values_list("due_at", flat=True).first() for row in rows
        ]
        times.append(Hold.objects.over(until).order_by("ends_at").values_list("ends_at", flat=True).first())
        return min((time for time in times if time is not None), default=None)

    def _work(self) -> None:
        for hold in jobs.due_holds(self.now):
            jobs.hold_end(hold, now=self.now)
        for slot in jobs.due_slots(self.now):
            jobs.slot(slot, now=self.now)
        for promotion in jobs.due_promotions(self.now):
            jobs.wake(promotion, now=self.now)
            self._let_wait(promotion)
        for step in jobs.due_steps(self.now):
            self._outside(step)

    def _let_wait(self, pk: int) -> None:
        """Until the first reason ends by itself or somebody wakes it: to ask each minute of a night again is the
        engine's caution, and takes a while."""
        found = Promotion.objects.waiting().filter(pk=pk).first()
        if found is not None:
            ends = [one.until for one in found.waits_for if one.until is not None and one.until > self.now]
            Promotion.objects.filter(pk=pk).update(due_at=min(ends, default=self.now + NEVER))

    # --- The outside -------------------------------------------------------------------------------

    def _outside(self, step_id: int) -> None:
        claimed = effects.claim(step_id, now=self.now)
        if claimed is None:
            return
        promotion = claimed.promotion
        script = self.scripts.get((promotion.application.slug, promotion.environment.slug), Script())
        if promotion.is_rollback:
            script = Script(takes=50, stays=script.stays)
        if claimed.action is Action.MEASURE:
            self._measure(claimed, script)
        else:
            effects.report(claimed, self._deploy(claimed, script), now=self.now)

    def _deploy(self, claimed: Claim, script: Script) -> Report:
        step, promotion = claimed.step, claimed.promotion
        names = promotion.application.slug, promotion.release.version, promotion.environment.slug
        begin, end = words.deploy_log(*names)
        if claimed.action is Action.START:
            return Report(reference=step.key, again_in=script.takes, log=begin, sentence="sample-deploy is running.")
        if claimed.action is Action.CANCEL:
            return Report(cancel_requested=True, sentence="Being stopped.", again_in=script.takes)
        if script.stays == "Deploy":
            return Report(again_in=45, log="    1 of 4 pods are ready\n", sentence="sample-deploy is running.")
        if step.cancel_requested:
            return Report(state=StepState.FAILED, sentence="sample-deploy was stopped.", log="\x1b[31mstopped\x1b[0m\n")
        if script.unknown:
            sentence = "The supervisor of sample-deploy died before it wrote down how it ended."
            return Report(state=StepState.ERRORED, sentence=sentence)
        if script.stops == "Deploy":
            log = words.failed_log(promotion.application.slug)
            return Report(state=StepState.FAILED, sentence="sample-deploy exited with code 1.", log=log)
        return Report(state=StepState.PASSED, sentence="sample-deploy exited with code 0.", log=end)

    def _measure(self, claimed: Claim, script: Script) -> None:
        step, promotion = claimed.step, claimed.promotion
        reading, duration = readings.reading(
            step.name,
            self.plan.rng,
            bad=script.stops == step.name,
            app=promotion.application.slug,
            where=promotion.environment.slug,
        )
        if step.name == "Error rate" and not step.baseline:
            Step.objects.filter(pk=step.pk).update(baseline={"value": round(self.plan.rng.uniform(0.2, 0.5), 2)})
            claimed.step.refresh_from_db()
        if script.stays == step.name:
            reading = replace(
                reading, outcome=Outcome.INCONCLUSIVE, sentence=f"Too few requests yet. {reading.sentence}"
            )
        checking.report(claimed, reading, duration, now=self.now)

    # --- The end -----------------------------------------------------------------------------------

    def hand_over(self) -> None:
        """Leave it so that a running engine goes on with it: what waits is looked at again at once, and a deploy that
        only this stage knew of is looked up and then started anew by its key."""
        for pk in list(Promotion.objects.waiting().order_by("id").values_list("pk", flat=True)):
            Promotion.objects.filter(pk=pk).update(due_at=self.now)
            jobs.wake(pk, now=self.now)
        soon = self.now + timedelta(minutes=2)
        running = Step.objects.filter(state=StepState.RUNNING)
        deadline = soon + timedelta(minutes=10)
        running.filter(kind=StepKind.DEPLOY).update(reference="", due_at=soon, deadline_at=deadline)
        running.filter(kind=StepKind.CHECK).update(due_at=soon, deadline_at=deadline)
