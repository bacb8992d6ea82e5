"""Writes to the registry that are more than a form's save. Each writes its event in its transaction."""

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from apps_registry.models import Application, Team, TokenLimit
from deployer.access.models import ApiToken
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.audit.changes import record_change, values_of


@transaction.atomic
def archive(application: Application, *, by: Actor, now: datetime, reason: str = "") -> None:
    """Take no more releases of it. Does nothing when it is archived already."""
    application = Application.objects.select_for_update().get(pk=application.pk)
    if application.is_archived:
        return
    application.archive(now)
    _record_archiving(application, "archived", by=by, reason=reason, now=now)


@transaction.atomic
def unarchive(application: Application, *, by: Actor) -> None:
    """Take releases of it again. Does nothing when it is not archived."""
    application = Application.objects.select_for_update().get(pk=application.pk)
    if not application.is_archived:
        return
    application.archived_at = None
    application.save(update_fields=["archived_at"])
    _record_archiving(application, "unarchived", by=by)


@transaction.atomic
def create_token(
    *,
    name: str,
    scopes: Sequence[str],
    applications: Sequence[Application] = (),
    teams: Sequence[Team] = (),
    limited: bool = True,
    expires_at: datetime | None = None,
    by: Actor,
) -> tuple[ApiToken, str]:
    """A new token and its secret, which can't be had again and is in no event.

    A limited token reaches the applications named and those of the teams named, and nothing else.
    """
    token, secret = ApiToken.issue(name=name, scopes=list(scopes), limited=limited, expires_at=expires_at)
    record_change(token, None, values_of(token), by=by)
    limits = [TokenLimit(token=token, application=application) for application in applications]
    limits += [TokenLimit(token=token, team=team) for team in teams]
    for limit in limits:
        limit.save()
        record_change(limit, None, values_of(limit), by=by)
    return token, secret


@transaction.atomic
def revoke_token(token: ApiToken, *, by: Actor, now: datetime) -> None:
    """Refuse the token from now on, for good. Does nothing when it is revoked already."""
    token = ApiToken.objects.select_for_update().get(pk=token.pk)
    if token.revoked_at is not None:
        return
    token.revoked_at = now
    token.save(update_fields=["revoked_at"])
    record("access.api_token.revoked", f"Revoked the API token {token}.", by=by, data={"token": token.name})


def _record_archiving(
    application: Application, verb: str, *, by: Actor, reason: str = "", now: datetime | None = None
) -> None:
    sentence = f"{verb.capitalize()} the application {application}."
    record(f"registry.application.{verb}", sentence, by=by, application=application.slug, reason=reason, now=now)
