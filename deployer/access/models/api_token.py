"""Tokens by which programs call the API."""

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from deployer.audit.actor import Actor, ActorKind

SECRET_PREFIX = "dpl_"  # noqa: S105 — what secrets begin with, so that scanners find them
LAST_USED_PRECISION = timedelta(minutes=1)


class Scope(models.TextChoices):
    RELEASES_WRITE = "releases:write", "Register releases"
    PROMOTIONS_WRITE = "promotions:write", "Promote, roll back, hold, retry, veto and pin"
    SLOTS_WRITE = "slots:write", "Book, change and cancel slots"
    FREEZES_WRITE = "freezes:write", "Declare, extend and lift freezes"
    READ = "read", "Read everything"


def digest_of(secret: str) -> str:
    """SHA-256 in hex. A plain hash suffices: the secret is 256 random bits, not a person's password."""
    return hashlib.sha256(secret.encode()).hexdigest()


class ApiTokenQuerySet(models.QuerySet["ApiToken"]):
    def usable(self, now: datetime) -> Self:
        return self.filter(Q(expires_at=None) | Q(expires_at__gt=now), revoked_at=None)


class ApiToken(models.Model):
    """A secret's digest with what it may be used for; the secret itself is shown once, when it is made.

    A limited token reaches only the applications and teams that the registry lists for it, so that one
    whose list is emptied reaches nothing.
    """

    name = models.CharField(max_length=100, unique=True)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = models.JSONField(default=list)
    limited = models.BooleanField(default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, editable=False
    )
    expires_at = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(null=True, blank=True)

    objects = ApiTokenQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        verbose_name = "API token"

    def __str__(self) -> str:
        return self.name

    @classmethod
    def issue(
        cls, *, name: str, scopes: list[str], limited: bool, expires_at: datetime | None = None
    ) -> tuple["ApiToken", str]:
        """A new token and its secret, which can't be had again."""
        secret = SECRET_PREFIX + secrets.token_urlsafe(32)
        token = cls.objects.create(
            name=name, digest=digest_of(secret), scopes=scopes, limited=limited, expires_at=expires_at
        )
        return token, secret

    def may(self, scope: str) -> bool:
        return scope in self.scopes

    def mark_used(self, now: datetime) -> None:
        """Remember the use, to the minute, so that a busy token does not cost a write a call."""
        if self.last_used_at is None or now - self.last_used_at >= LAST_USED_PRECISION:
            ApiToken.objects.filter(pk=self.pk).update(last_used_at=now)

    def as_actor(self) -> Actor:
        return Actor(ActorKind.TOKEN, str(self.pk), f"token {self.name}")
