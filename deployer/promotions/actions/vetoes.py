"""Never deploy this release again, and taking that back."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from apps_registry.locks import lock_environments
from apps_registry.rights import Rights
from deployer.audit.actions import record
from deployer.promotions.engine import wakeups
from deployer.promotions.models import Pin, Veto
from deployer.refusal import RefusedError
from deployer.releases.models import Release


@transaction.atomic
def veto(*, release: Release, rights: Rights, reason: str, now: datetime | None = None) -> Veto:
    """Never deploy the release again, in any environment, rollbacks included. What waits to bring it is aborted.

    What brings it now goes on to its end, and where it is live it stays. Raises NotAllowedError for who may not work
    on the application, RefusedError without a reason, when it is vetoed already, or while a target is pinned to it.
    """
    now = now or timezone.now()
    application = release.application
    rights.need_work_on(application, to="veto its releases")
    if not reason.strip():
        raise RefusedError("Say why: a veto needs a reason.")
    lock_environments()
    standing = Veto.objects.standing().filter(release=release).first()
    if standing is not None:
        raise RefusedError(f"{release} is vetoed already, by {standing.placed_by}: {standing.reason}")
    _check_pins(release)
    made = Veto.objects.create(release=release, reason=reason.strip(), placed_by=rights.actor.label, placed_at=now)
    sentence = f"{rights.actor} vetoed {release}: {made.reason}"
    _record(made, "placed", sentence, rights=rights, reason=made.reason, now=now)
    wakeups.wake_application(application_id=application.pk, environment_id=None, now=now)
    return made


@transaction.atomic
def withdraw_veto(*, veto: Veto, rights: Rights, reason: str, now: datetime | None = None) -> Veto:
    """Let the release be deployed again when someone asks for it; nothing is asked for by this.

    Raises NotAllowedError for who may not work on the application, RefusedError without a reason or when it has been
    withdrawn already.
    """
    now = now or timezone.now()
    release = veto.release
    rights.need_work_on(release.application, to="withdraw this veto")
    if not reason.strip():
        raise RefusedError("Say why: withdrawing a veto needs a reason.")
    lock_environments()
    found = Veto.objects.select_for_update(of=("self",)).select_related("release__application__owner").get(pk=veto.pk)
    if found.withdrawn_at is not None:
        raise RefusedError(f"The veto of {release} has been withdrawn already, by {found.withdrawn_by}.")
    found.withdrawn_at, found.withdrawn_by, found.withdrawn_reason = now, rights.actor.label, reason.strip()
    found.save(update_fields=["withdrawn_at", "withdrawn_by", "withdrawn_reason"])
    sentence = f"{rights.actor} withdrew the veto of {release}: {found.withdrawn_reason}"
    _record(found, "withdrawn", sentence, rights=rights, reason=found.withdrawn_reason, now=now)
    wakeups.wake_application(application_id=release.application_id, environment_id=None, now=now)
    return found


def _check_pins(release: Release) -> None:
    """A target that stays on a release which must never be deployed again could go nowhere: the pin goes first."""
    pin = Pin.objects.standing().filter(release=release).select_related("target__environment").first()
    if pin is not None:
        raise RefusedError(
            f"{pin.target.environment} is pinned to {release.version}, by {pin.placed_by}: remove that pin first."
        )


def _record(veto: Veto, what: str, sentence: str, *, rights: Rights, reason: str, now: datetime) -> None:
    release = veto.release
    data: dict[str, Any] = {
        "title": str(release),
        "state": "vetoed" if what == "placed" else "no longer vetoed",
        "url": settings.BASE_URL + release.application.get_absolute_url(),
        "veto": veto.pk,
    }
    record(
        f"veto.{what}",
        sentence,
        by=rights.actor,
        application=release.application.slug,
        release_id=release.pk,
        reason=reason,
        data=data,
        now=now,
    )
