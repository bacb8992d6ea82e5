"""A person's releases: those that bring their changes, by the changes' e-mail address, and how far each has got. Only
programs register releases, so that nobody has any of that kind."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import Prefetch

from apps_registry.models import Application, Environment
from deployer.access.models import User
from deployer.gates import Blocker
from deployer.promotions.models import Hold, Promotion
from deployer.promotions.standing import Standing, TargetStanding, standings
from deployer.releases.models import Change, Release

SHOWN = 10


class Progress(StrEnum):
    """How a release stands in an environment; the value is the state's for its tag."""

    LIVE = "succeeded"
    STOPPED = "stopped"
    MOVING = "moving"
    WAITING = "waiting"
    NOT_YET = "not yet"

    @property
    def label(self) -> str:
        return "Live" if self is Progress.LIVE else self.capitalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A release in an environment. `newer` is the version that is there, or goes there, instead: one that has what it
    brings. `blocker` is the first reason for which it waits."""

    environment: Environment
    progress: Progress
    at: datetime | None = None
    newer: str = ""
    promotion: Promotion | None = None
    hold: Hold | None = None
    blocker: Blocker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Followed:
    """`mine` are the changes in it that are the person's."""

    release: Release
    mine: Sequence[Change]
    reached: Sequence[Reached]

    @property
    def is_everywhere(self) -> bool:
        return all(one.progress is Progress.LIVE for one in self.reached)


def releases_of(person: User) -> list[Followed]:
    """The newest first. Ten queries at most, however many there are."""
    written = Change.objects.filter(author_email__in=addresses_of(person))
    ids = set(written.order_by("-release").values_list("release", flat=True).distinct()[:SHOWN])
    if not ids:
        return []
    releases = Release.objects.filter(pk__in=ids).select_related("application__owner").order_by("-id")[:SHOWN]
    found = list(releases.prefetch_related(Prefetch("changes", written.order_by("position"), to_attr="written")))
    stands = {one.application.pk: one for one in standings(_applications(found))}
    return [
        Followed(
            release=release,
            mine=getattr(release, "written", ()),
            reached=[
                _reached(release, one, stands[release.application_id]) for one in stands[release.application_id].targets
            ],
        )
        for release in found
    ]


def addresses_of(person: User) -> list[str]:
    """As their changes may have it; an index finds only what is written just so."""
    return sorted({person.email, person.email.lower()}) if person.email else []


def _applications(releases: Iterable[Release]) -> list[Application]:
    return list({release.application_id: release.application for release in releases}.values())


def _reached(release: Release, one: TargetStanding, of: Standing) -> Reached:
    live = one.live
    if live and live.release.order >= release.order:
        return Reached(
            environment=one.environment,
            progress=Progress.LIVE,
            at=live.at,
            newer=_newer(live.release, release),
            promotion=getattr(live, "promotion", None),
        )
    moving = one.moving if one.moving and _brings(one.moving, release) else None
    if moving:
        return Reached(
            environment=one.environment,
            progress=Progress.MOVING,
            at=moving.started_at,
            newer=_newer(moving.release, release),
            promotion=moving,
        )
    waiting = next((found for found in one.waiting if _brings(found, release)), None)
    hold = next(iter([*one.holds, *of.holds]), None)
    if hold:
        return Reached(
            environment=one.environment, progress=Progress.STOPPED, at=hold.placed_at, promotion=waiting, hold=hold
        )
    if waiting:
        return Reached(
            environment=one.environment,
            progress=Progress.WAITING,
            at=waiting.created_at,
            newer=_newer(waiting.release, release),
            promotion=waiting,
            blocker=next(iter(waiting.waits_for), None),
        )
    return Reached(environment=one.environment, progress=Progress.NOT_YET)


def _brings(promotion: Promotion, release: Release) -> bool:
    return not promotion.is_rollback and promotion.release.order >= release.order


def _newer(found: Release, release: Release) -> str:
    return "" if found.pk == release.pk else found.version
