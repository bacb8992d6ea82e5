"""What the clock finds due in access."""

import logging
from datetime import timedelta

from django.contrib.sessions.models import Session
from django.utils import timezone
from social_django.models import Association, Nonce

from deployer.access.models import KeyedCall
from deployer.clock import Daily, Source
from deployer.queueing import EFFECTS

logger = logging.getLogger(__name__)

UNFINISHED = timedelta(days=1)
"""After it a sign-in that was begun is given up; the provider's answer is taken for half an hour."""


def prune_calls(_: int) -> None:
    """Forget the calls whose answers are no longer given again."""
    removed, _by_model = KeyedCall.objects.expired(timezone.now()).delete()
    logger.info("Removed %s old answers to calls with an Idempotency-Key.", removed)


def prune_sign_ins(_: int) -> None:
    """Forget the sessions that have ended, and the sign-ins by a provider that were begun and never finished."""
    now = timezone.now()
    ended, _by_model = Session.objects.filter(expire_date__lte=now).delete()
    long_ago = int((now - UNFINISHED).timestamp())
    Nonce.objects.filter(timestamp__lt=long_ago).delete()
    Association.objects.filter(issued__lt=long_ago).delete()
    logger.info("Removed %s sessions that had ended.", ended)


SOURCES = (
    Source(queue=EFFECTS, function="deployer.access.jobs.prune_calls", due=Daily(), job=prune_calls),
    Source(queue=EFFECTS, function="deployer.access.jobs.prune_sign_ins", due=Daily(), job=prune_sign_ins),
)
