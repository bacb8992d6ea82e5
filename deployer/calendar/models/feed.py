"""Secret addresses of iCalendar feeds."""

import hashlib
import secrets
from datetime import datetime

from django.conf import settings
from django.db import models
from django.utils import timezone

SECRET_PREFIX = "dpf_"  # noqa: S105 — what the secrets of feeds begin with, so that scanners find them


class FeedAddress(models.Model):
    """A person's secret for calendar programs, which can't sign in; kept as its SHA-256 and shown once. Its feeds show
    what the person may see, and end when it is renewed or the person may no longer sign in."""

    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="feed_address")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"feed address of {self.user}"

    @classmethod
    def renew(cls, user_id: int, *, now: datetime) -> str:
        """Make a new secret, which can't be had again; the one before it opens nothing any more."""
        secret = SECRET_PREFIX + secrets.token_urlsafe(32)
        cls.objects.update_or_create(user_id=user_id, defaults={"digest": digest_of(secret), "made_at": now})
        return secret


def digest_of(secret: str) -> str:
    """SHA-256 in hex. A plain hash suffices: the secret is 256 random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()
