"""Registering releases."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils import timezone

from apps_registry.models import Application
from deployer.audit.actions import record
from deployer.audit.actor import Actor
from deployer.releases.models import Change, Release


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


@transaction.atomic
def register_release(
    *,
    application: Application,
    version: str,
    commit: str,
    by: Actor,
    build_url: str = "",
    built_at: datetime | None = None,
    changes: Sequence[NewChange] = (),
    now: datetime | None = None,
) -> tuple[Release, bool]:
    """The release and whether it is new. Registering the same version and commit again changes nothing.

    Numbers are given under the application's row lock, so they have no gaps and no twins. Raises
    VersionTakenError when the version has another commit, ReleaseRefusedError when the application is archived.
    """
    locked = Application.objects.select_for_update(no_key=True).get(pk=application.pk)
    known = Release.objects.filter(application=application, version=version).first()
    if known is not None:
        if known.commit != commit:
            raise VersionTakenError(
                f"{application.slug} {version} is already registered with the commit {known.commit}. "
                "A version is one commit for ever: give the other commit a version of its own."
            )
        return known, False
    if locked.is_archived:
        raise ReleaseRefusedError(f"{application.slug} is archived and takes no releases; an admin can unarchive it.")
    newest = Release.objects.filter(application=application).order_by("-number").first()
    release = Release.objects.create(
        application=application,
        number=newest.number + 1 if newest else 1,
        version=version,
        commit=commit,
        build_url=build_url,
        built_at=built_at,
        created_at=now or timezone.now(),
        created_by=by.label,
    )
    Change.objects.bulk_create(
        Change(
            release=release,
            position=position,
            title=change.title,
            commit=change.commit,
            author_name=change.author_name,
            author_email=change.author_email,
            url=change.url,
        )
        for position, change in enumerate(changes)
    )
    record(
        "release.registered",
        f"{release} was registered.",
        by=by,
        application=application.slug,
        release_id=release.pk,
        data={"version": version, "commit": commit},
        now=now,
    )
    return release, True
