"""Where the changes of an application are on their way to its last environment."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count

from apps_registry.models import Application
from deployer.promotions.contents import compare_url
from deployer.promotions.models import Promotion, Step, Veto
from deployer.promotions.standing import Standing, TargetStanding
from deployer.promotions.states import StepState
from deployer.releases.models import Change, Release

RELEASES_SHOWN = 15
CHANGES_SHOWN = 6
MOST_BEHIND = 100
"""Releases; what is further behind counts as so many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """A release that the last environment lacks, with its first changes and how many there are besides. `reached` is
    the furthest place that has it, `through` the newer release by which it does; `promotion` is its own that is open.
    """

    release: Release
    changes: Sequence[Change]
    more: int
    veto: Veto | None
    reached: TargetStanding | None
    through: Release | None
    promotion: Promotion | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """`missing` are the newest that the last environment lacks, `more` how many older ones there are besides. `behind`
    says of each target how far it is behind the newest, `steps` at which step it is that moves there, by target."""

    newest: Release | None
    last: TargetStanding | None
    missing: Sequence[Pending]
    more: int
    behind: dict[int, str]
    steps: dict[int, str]
    compare_url: str


def follow(application: Application, standing: Standing) -> Following:
    """Seven queries at most, however long its history is."""
    places = list(standing.targets)
    last = places[-1] if places else None
    releases = Release.objects.filter(application=application.pk).order_by("-order")
    newer = releases.filter(order__gt=_order(last)) if last else releases
    found = list(newer[: RELEASES_SHOWN + 1])
    shown = found[:RELEASES_SHOWN]
    newest = shown[0] if shown else releases.first()
    return Following(
        newest=newest,
        last=last,
        missing=_pending(shown, places),
        more=newer.count() - RELEASES_SHOWN if len(found) > RELEASES_SHOWN else 0,
        behind=_behind(places, newest),
        steps=_steps(places),
        compare_url=_comparison(application, last, newest),
    )


def _order(place: TargetStanding | None) -> int:
    return place.live.release.order if place and place.live else 0


def _comparison(application: Application, last: TargetStanding | None, newest: Release | None) -> str:
    if last is None or last.live is None or newest is None:
        return ""
    return compare_url(application.repository, last.live.release.commit, newest.commit)


def _pending(releases: Sequence[Release], places: Sequence[TargetStanding]) -> list[Pending]:
    if not releases:
        return []
    ids = [one.pk for one in releases]
    written = Change.objects.filter(release__in=ids).order_by()
    counts = dict(written.values_list("release").annotate(number=Count("pk")))
    changes: dict[int, list[Change]] = defaultdict(list)
    for change in written.filter(position__lte=CHANGES_SHOWN).order_by("release", "position"):
        changes[change.release_id].append(change)
    vetoes = {veto.release_id: veto for veto in Veto.objects.standing().filter(release__in=ids)}
    waiting = [one for place in reversed(places) for one in place.waiting]
    opened = {one.release_id: one for one in [*waiting, *(place.moving for place in places if place.moving)]}
    pending = []
    for release in releases:
        has = [place for place in places if place.live and place.live.release.order >= release.order]
        there = has[-1].live.release if has and has[-1].live else None
        pending.append(
            Pending(
                release=release,
                changes=changes[release.pk],
                more=counts.get(release.pk, 0) - len(changes[release.pk]),
                veto=vetoes.get(release.pk),
                reached=has[-1] if has else None,
                through=there if there and there.pk != release.pk else None,
                promotion=opened.get(release.pk),
            )
        )
    return pending


def _behind(places: Sequence[TargetStanding], newest: Release | None) -> dict[int, str]:
    live = [place for place in places if place.live]
    if newest is None or not live:
        return {}
    oldest = min(_order(place) for place in live)
    counted = (
        Release.objects.filter(application=newest.application_id, order__gt=oldest)
        .order_by("order")
        .annotate(brings=Count("changes"))
        .values_list("order", "brings")[:MOST_BEHIND]
    )
    rows = list(counted)
    return {place.target.pk: words for place in live if (words := _words(_order(place), rows))}


def _words(order: int, rows: Sequence[tuple[int, int]]) -> str:
    """ "4 changes behind"; in releases where none says what it brings, or where there are very many."""
    newer = [number for at, number in rows if at > order]
    if not newer:
        return ""
    many = len(newer) >= MOST_BEHIND
    count, what = (sum(newer), "change") if sum(newer) and not many else (len(newer), "release")
    shown = f"{MOST_BEHIND - 1}+" if many else str(count)
    return f"{shown} {what}{'' if shown == '1' else 's'} behind"


def _steps(places: Sequence[TargetStanding]) -> dict[int, str]:
    """Such as "Smoke test, 2 of 3"."""
    moving = {place.moving.pk: place.target.pk for place in places if place.moving}
    if not moving:
        return {}
    steps: dict[int, list[Step]] = defaultdict(list)
    for step in Step.objects.filter(promotion__in=list(moving)).order_by("promotion", "position"):
        steps[step.promotion_id].append(step)
    return {
        moving[promotion]: f"{step.name}, {number} of {len(found)}"
        for promotion, found in steps.items()
        for number, step in enumerate(found, start=1)
        if step.state == StepState.RUNNING
    }
