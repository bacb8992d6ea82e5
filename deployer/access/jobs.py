"""What the clock finds due in access."""

import logging

from django.utils import timezone

from deployer.access.models import KeyedCall
from deployer.clock import Daily, Source
from deployer.queueing import EFFECTS

logger = logging.getLogger(__name__)


def prune_calls(_: int) -> None:
    """Forget the calls whose answers are no longer given again."""
    removed, _by_model = KeyedCall.objects.expired(timezone.now()).delete()
    logger.info("Removed %s old answers to calls with an Idempotency-Key.", removed)


SOURCES = (Source(queue=EFFECTS, function="deployer.access.jobs.prune_calls", due=Daily(), job=prune_calls),)
