"""Which jobs the engine puts on which queue."""

from deployer.queueing import EFFECTS, ENGINE, enqueue_after_commit

WAKE = "deployer.promotions.jobs.wake"
EFFECT = "deployer.promotions.jobs.effect"


def wake(promotion_id: int) -> None:
    """After the commit, ask an engine worker to look at the promotion."""
    enqueue_after_commit(ENGINE, WAKE, promotion_id)


def run_effect(step_id: int) -> None:
    """After the commit, ask a runner to do what the step needs done outside."""
    enqueue_after_commit(EFFECTS, EFFECT, step_id)
