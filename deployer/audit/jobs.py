"""What the audit forgets: never an event, only what open pages were told beside them."""

from datetime import timedelta

from django.db.models import Max
from django.utils import timezone

from deployer.audit.models import Touch
from deployer.clock import Every, Source
from deployer.queueing import EFFECTS

KEPT = timedelta(hours=1)
"""A page that was away for longer fetches itself whole."""


def prune_touches(_: int) -> None:
    """All but the newest, which says up to where they were removed."""
    newest: int = Touch.objects.aggregate(newest=Max("pk"))["newest"] or 0
    Touch.objects.filter(at__lt=timezone.now() - KEPT, pk__lt=newest).delete()


SOURCES = (Source(queue=EFFECTS, function="deployer.audit.jobs.prune_touches", due=Every(KEPT), job=prune_touches),)
