"""Writes that came with an Idempotency-Key, and how they were answered."""

from datetime import datetime
from typing import Self

from django.db import models
from django.db.models import Q


class KeyedCallQuerySet(models.QuerySet["KeyedCall"]):
    def expired(self, now: datetime) -> Self:
        return self.filter(expires_at__lte=now)


class KeyedCall(models.Model):
    """A call that is under way until `claimed_until` (UTC), or answered once it has a `status`.

    `name` is the SHA-256 of who called, the method, the path and the key; `content` that of the query and the body:
    what was sent is not kept. `claim` grows at each claim, and only who holds the newest may answer.
    """

    name = models.CharField(max_length=64, unique=True)
    content = models.CharField(max_length=64)
    claim = models.PositiveIntegerField(default=1)
    claimed_until = models.DateTimeField()
    expires_at = models.DateTimeField(db_index=True)
    status = models.PositiveSmallIntegerField(null=True)
    answer = models.TextField(blank=True)

    objects = KeyedCallQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(status=None) | Q(status__gte=200, status__lt=500), name="only_final_answers_are_kept"
            ),
        ]

    def __str__(self) -> str:
        return f"call {self.name[:8]}, {'under way' if self.status is None else self.status}"
