"""Registering releases."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.models import Application
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.releases.models import Change, Release
from deployer.releases.models.release import SPACING


class ReleaseRefusedError(Exception):
    """The release can't be registered; the message says why."""


class VersionTakenError(ReleaseRefusedError):
    """The version is registered with another commit (promise 8)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewChange:
    title: str
    commit: str = ""
    author_name: str = ""
    author_email: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class NewRelease:
    """What CI says of a release. `built_at` (aware) orders releases that arrive out of order."""

    version: str
    commit: str
    build_url: str = ""
    built_at: datetime | None = None
    changes: Sequence[NewChange] = ()


@transaction.atomic
def register_release(
    *, application: Application, new: NewRelease, by: Actor, now: datetime | None = None
) -> tuple[Release, bool]:
    """The release and whether it is new. Registering the same version and commit again changes nothing.

    Numbers are given under the application's row lock, so they have no gaps and no twins. Raises
    VersionTakenError when the version has another commit, ReleaseRefusedError when the application is archived.
    """
    locked = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
    known = Release.objects.filter(application=application, version=new.version).first()
    if known is not None:
        _check_same(known, new)
        return known, False
    if locked.is_archived:
        raise ReleaseRefusedError(f"{application.slug} is archived and takes no releases; an admin can unarchive it.")
    release = _create(application, new, by, now or timezone.now())
    record(
        "release.registered",
        f"{release} was registered.",
        by=by,
        application=application.slug,
        release_id=release.pk,
        data={"version": new.version, "commit": new.commit},
        now=now,
    )
    return release, True


def _check_same(known: Release, new: NewRelease) -> None:
    if known.commit != new.commit:
        raise VersionTakenError(
            f"{known} is already registered with the commit {known.commit}. "
            "A version is one commit for ever: give the other commit a version of its own."
        )


def _create(application: Application, new: NewRelease, by: Actor, now: datetime) -> Release:
    newest = Release.objects.filter(application=application).order_by("-number").first()
    number = newest.number + 1 if newest else 1
    release = Release.objects.create(
        application=application,
        number=number,
        order=_order(application, new.built_at, number),
        version=new.version,
        commit=new.commit,
        build_url=new.build_url,
        built_at=new.built_at,
        created_at=now,
        created_by=by.label,
    )
    changes = [Change(release=release, position=at, **asdict(change)) for at, change in enumerate(new.changes)]
    Change.objects.bulk_create(changes)
    return release


def _order(application: Application, built_at: datetime | None, number: int) -> int:
    """Last, or right before the first release that was built later.

    Builds that end in another order than they began must not put the older over the newer (promise 1).
    """
    releases = Release.objects.filter(application=application).order_by("order")
    later = releases.filter(built_at__gt=built_at).first() if built_at else None
    if later is None:
        last = releases.last()
        return (last.order // SPACING + 1) * SPACING if last else number * SPACING
    before = releases.filter(order__lt=later.order).last()
    floor = before.order if before else 0
    order = (floor + later.order) // 2
    if order == floor:
        raise ReleaseRefusedError(
            f"More releases than can be told apart arrived late before {later}; register this one without built_at."
        )
    return order
