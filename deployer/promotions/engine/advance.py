"""The one wake-up: lock, gather, decide, write, commit. Waking twice, late or for nothing changes nothing."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps_registry.models import Environment
from deployer.audit.actions import touch
from deployer.audit.actor import ENGINE
from deployer.gates import Blocker
from deployer.promotions.decide import Decision, PromotionFacts, decide
from deployer.promotions.engine import asking, ending, steps, wakeups
from deployer.promotions.engine.facts import promotion_facts
from deployer.promotions.lines import record_event
from deployer.promotions.models import Promotion
from deployer.promotions.states import FINISHED, PromotionState, StepState

LEEWAY = timedelta(seconds=1)
"""How far the clock of the host that set a timer may be ahead of this one's."""
MOST_MOVES = 100
"""More moves than any promotion has in one go; beyond, decide and the table disagree."""


def advance(promotion_id: int, *, now: datetime | None = None) -> None:
    """Take the promotion as far as it goes now. `now` is UTC; an id that is unknown, finished or not due is nothing.

    Whoever wakes a promotion sets its timer, so one that is not due has been looked at since.
    """
    with locked(promotion_id, due_by=(now or timezone.now()) + LEEWAY) as promotion:
        if promotion is not None:
            settle(promotion, now or timezone.now())


@contextmanager
def locked(promotion_id: int, *, due_by: datetime | None = None) -> Iterator[Promotion | None]:
    """The unfinished promotion in a transaction that holds its environment's row lock and its own, or None.

    Always in this order, so that no two transactions wait for each other. The environment's lock is what makes
    capacity, exclusions and holds true at the moment of admission. With `due_by` also None when it isn't due by
    then; no row is locked to find that out.
    """
    wanted = Promotion.objects.open().filter(pk=promotion_id)
    if due_by is not None:
        wanted = wanted.due(due_by)
    with transaction.atomic():
        environment = Environment.objects.filter(targets__promotions__in=wanted).values_list("pk")
        is_locked = environment.select_for_update(no_key=True, of=("self",)).first() is not None
        promotion = wanted.with_names().select_for_update(of=("self",)).first() if is_locked else None
        if promotion is not None:
            promotion.release.application = promotion.application  # the same one, so that naming it asks for nothing
        yield promotion


def settle(promotion: Promotion, now: datetime) -> None:
    """Apply decisions until nothing more changes. The caller holds the locks of `locked`."""
    recheck = timedelta(seconds=settings.RECHECK_SECONDS)
    for _ in range(MOST_MOVES):
        facts = promotion_facts(promotion, now)
        decision = decide(facts, now, recheck=recheck)
        if not decision.changes_something:
            _wait(promotion, decision, now)
            return
        _apply(promotion, facts, decision, now)
        if promotion.state in FINISHED:
            return
    raise RuntimeError(f"Promotion {promotion.pk} does not come to rest.")


def _wait(promotion: Promotion, decision: Decision, now: datetime) -> None:
    if decision.blockers and not promotion.blockers:
        wakeups.wake_older(promotion, now=now)
    blockers = [blocker.to_json() for blocker in decision.blockers]
    if blockers != promotion.blockers:
        _tell_why(promotion, decision.blockers, now)
    if (blockers, decision.due_at) != (promotion.blockers, promotion.due_at):
        promotion.blockers, promotion.due_at = blockers, decision.due_at
        promotion.save(update_fields=["blockers", "due_at"])


def _tell_why(promotion: Promotion, blockers: tuple[Blocker, ...], now: datetime) -> None:
    """An event when the kinds of reasons change; open pages hear of each change of their wording."""
    kinds = {blocker.kind for blocker in blockers}
    if kinds != {values["kind"] for values in promotion.blockers}:
        record_event(
            promotion,
            "waits",
            " ".join(blocker.sentence for blocker in blockers),
            by=ENGINE,
            now=now,
            kinds=sorted(kinds),
        )
    else:
        _tell_pages(promotion)


def _tell_pages(promotion: Promotion) -> None:
    touch(application=promotion.application.slug, environment=promotion.environment.slug, promotion_id=promotion.pk)


def _apply(promotion: Promotion, facts: PromotionFacts, decision: Decision, now: datetime) -> None:
    if decision.asks_for_approval:
        asking.ask(promotion, now)
    if decision.step is not None and decision.step_state is not None:
        step = promotion.steps.get(position=decision.step)
        if decision.step_state is StepState.RUNNING:
            steps.start(step, now)
        else:
            steps.finish(promotion, step, decision.step_state, decision.step_sentence, now=now)
    match decision.state:
        case None:
            pass
        case PromotionState.DEPLOYING:
            live = facts.gate and facts.gate.live
            steps.admit(promotion, now, previous=live.version if live else "")
        case PromotionState.VERIFYING:
            promotion.move(PromotionState.VERIFYING, now=now)
            record_event(promotion, "verifying", f"{promotion} is being verified.", by=ENGINE, now=now)
        case PromotionState.SUPERSEDED if decision.superseded_by is not None:
            ending.supersede(promotion, decision.superseded_by, now)
        case PromotionState.ABORTED if decision.is_unapproved:
            asking.expire(promotion, decision.outcome, now)
        case ended:
            ending.end(promotion, ended, decision.outcome, now)
