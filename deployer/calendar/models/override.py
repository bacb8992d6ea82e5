"""A person's leave to pass one named blocker."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length
from django.utils import timezone

from deployer.calendar.models.slot import Slot
from deployer.gates import BlockerKind

REASON_LENGTH = 10
"""So many characters at least: long enough that it says something."""

IN_WORDS = {
    BlockerKind.FREEZE: "the freeze",
    BlockerKind.WINDOW: "the hours",
    BlockerKind.HOLIDAY: "the holiday",
    BlockerKind.SLOT: "a booked slot",
    BlockerKind.NO_SLOT: "the need for a slot",
}

models.TextField.register_lookup(Length)


class OverrideBase(models.Model):
    """`blocker` names what is passed, as Blocker.name does: freeze:12, window. It counts until `expires_at`, UTC."""

    blocker = models.CharField(max_length=120)
    sentence = models.TextField()
    reason = models.TextField()
    given_by = models.CharField(max_length=150)
    given_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.blocker} overridden by {self.given_by}"

    @property
    def kind_in_words(self) -> str:
        """What is passed, such as "the freeze"."""
        kind = self.blocker.partition(":")[0]
        return IN_WORDS.get(BlockerKind(kind), kind.replace("_", " "))


class SlotOverride(OverrideBase):
    """Counts for what is promoted in the slot, from its start to its end."""

    slot = models.ForeignKey(Slot, on_delete=models.CASCADE, related_name="overrides")

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(condition=Q(reason__length__gte=REASON_LENGTH), name="slot_override_has_a_reason")
        ]
