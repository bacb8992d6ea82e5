"""What the page of a release shows: what it brings, and how far it has got."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Lower

from apps_registry.models import Environment, Target
from deployer.access.models import User
from deployer.promotions.contents import Author, compare_url
from deployer.promotions.models import Promotion, Veto
from deployer.promotions.states import ACTIVE, STOPPED, PromotionState
from deployer.releases.models import Change, Deployment, Release
from deployer.web.promoting.offers import waits_for_a_person

CHANGES_SHOWN = 100
PROMOTIONS_SHOWN = 5


class Got(StrEnum):
    """How far it has got in an environment: the words of its tag."""

    LIVE = "live"
    STOPPED = "stopped"
    MOVING = "moving"
    WAITING = "waiting"
    WAS_LIVE = "was live"
    NOT_YET = "not there"


@dataclass(frozen=True, slots=True, kw_only=True)
class Time:
    """A time in which it was live: `until` is None while it is, in UTC."""

    since: datetime
    until: datetime | None
    was_verified: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A target of its application. `promotions` are the newest that brought it there, or tried to; `times` when it was
    live, the newest first; `live` is what is live there now."""

    target: Target
    promotions: Sequence[Promotion]
    more: int
    times: Sequence[Time]
    live: Release | None

    @property
    def environment(self) -> Environment:
        return self.target.environment

    @property
    def newest(self) -> Promotion | None:
        return self.promotions[0] if self.promotions else None

    @property
    def got(self) -> Got:
        if self.newest and self.newest.state in ACTIVE:
            return Got.MOVING
        if self.times and self.times[0].until is None:
            return Got.LIVE
        if self.newest and self.newest.state == PromotionState.WAITING:
            return Got.WAITING
        if self.newest and self.newest.state in STOPPED:
            return Got.STOPPED
        return Got.WAS_LIVE if self.times else Got.NOT_YET

    @property
    def asks_a_person(self) -> Promotion | None:
        """The promotion that waits until a person asks for it."""
        return self.newest if self.newest and waits_for_a_person(self.newest) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`older` and `newer` stand next to it in the order of releases. `changes` are at most CHANGES_SHOWN of `total`."""

    release: Release
    places: Sequence[Place]
    changes: Sequence[Change]
    total: int
    authors: Sequence[Author]
    older: Release | None
    newer: Release | None
    newest: Release
    veto: Veto | None

    @property
    def compare_url(self) -> str:
        repository = self.release.application.repository
        return compare_url(repository, self.older.commit, self.release.commit) if self.older else ""

    @property
    def is_anywhere(self) -> bool:
        return any(place.promotions or place.times for place in self.places)

    @property
    def asks_a_person(self) -> Sequence[Promotion]:
        return [place.asks_a_person for place in self.places if place.asks_a_person]

    @property
    def state(self) -> str:
        """Of the tab: the worst anywhere."""
        found = {place.got for place in self.places}
        return next((str(one) for one in (Got.STOPPED, Got.MOVING, Got.WAITING) if one in found), "ok")


def report_on(release: Release) -> Report:
    """As it is now. The application is loaded; eleven queries, whatever its history is."""
    beside = Release.objects.filter(application=release.application_id)
    written = Change.objects.filter(release=release.pk).order_by("position")
    changes = list(written[: CHANGES_SHOWN + 1])
    return Report(
        release=release,
        places=_places(release),
        changes=changes[:CHANGES_SHOWN],
        total=len(changes) if len(changes) <= CHANGES_SHOWN else written.count(),
        authors=_authors(release),
        older=beside.filter(order__lt=release.order).order_by("-order").first(),
        newer=beside.filter(order__gt=release.order).order_by("order").first(),
        newest=beside.order_by("-order")[0],
        veto=Veto.objects.standing().filter(release=release).first(),
    )


def _places(release: Release) -> list[Place]:
    targets = list(
        Target.objects.filter(application=release.application_id)
        .select_related("environment")
        .order_by("environment__position")
    )
    promotions: dict[int, list[Promotion]] = defaultdict(list)
    for promotion in Promotion.objects.with_names().filter(release=release.pk).order_by("-id"):
        promotions[promotion.target_id].append(promotion)
    after = Deployment.objects.filter(target=OuterRef("target"), pk__gt=OuterRef("pk")).order_by("pk").values("at")[:1]
    times: dict[int, list[Time]] = defaultdict(list)
    deployed = Deployment.objects.filter(release=release.pk).annotate(until=Subquery(after)).order_by("-pk")
    for target, since, verified, until in deployed.values_list("target", "at", "verified_at", "until"):
        times[target].append(Time(since=since, until=until, was_verified=verified is not None))
    live = {one.target_id: one.release for one in Deployment.objects.live(targets).select_related("release")}
    return [
        Place(
            target=target,
            promotions=promotions[target.pk][:PROMOTIONS_SHOWN],
            more=max(0, len(promotions[target.pk]) - PROMOTIONS_SHOWN),
            times=times[target.pk][:PROMOTIONS_SHOWN],
            live=live.get(target.pk),
        )
        for target in targets
    ]


def _authors(release: Release) -> list[Author]:
    written = release.authors()
    addresses = {one["email"].casefold() for one in written}
    people = User.objects.annotate(address=Lower("email")).filter(address__in=addresses)
    by_address = {person.email.casefold(): person for person in people}
    return [Author(name=one["name"], person=by_address.get(one["email"].casefold())) for one in written]
