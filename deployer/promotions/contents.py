"""What a promotion brings to its target, what it takes away, and what it does not contain."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from urllib.parse import quote, urlsplit

from django.db.models import Count
from django.db.models.functions import Lower

from deployer.access.models import User
from deployer.promotions.models import Promotion, Veto
from deployer.releases.models import Change, Deployment, Release

RELEASES_SHOWN = 30
CHANGES_SHOWN = 50
NEWER_SHOWN = 10
_OWNER_AND_NAME = re.compile(r"[\w.-]+/[\w.-]+", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """`person` where one of Deployer's has that e-mail address."""

    name: str
    person: User | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A release with its changes that are shown, and how many there are besides. `veto` and `withdrawn` say why it is
    not to be trusted."""

    release: Release
    changes: Sequence[Change] = ()
    more: int = 0
    veto: Veto | None = None
    withdrawn: bool = False

    @property
    def rows(self) -> int:
        """Of its table."""
        return len(self.changes) + (1 if self.more else 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """`base` was live before it, or is live while it has not started. `brings` and `takes` are the releases between the
    two, the newest first; only one of them has any. `newer` exist already and are not in it."""

    base: Release | None = None
    brings: Sequence[Part] = ()
    more_brought: int = 0
    takes: Sequence[Part] = ()
    more_taken: int = 0
    newer: Sequence[Part] = ()
    more_newer: int = 0
    authors: Sequence[Author] = field(default_factory=tuple)
    compare_url: str = ""

    @property
    def is_the_same(self) -> bool:
        """Whether that release was there already."""
        return self.base is not None and not self.takes and not self.brings


def contents_of(promotion: Promotion) -> Contents:
    """At most nine queries, however long the history is."""
    release = promotion.release
    base = live_before(promotion)
    releases = Release.objects.filter(application=release.application_id)
    goes_back = base is not None and base.order > release.order
    if base is None:
        brings, more_brought = [release], 0
    else:
        brings, more_brought = _between(base, release, RELEASES_SHOWN)
    takes, more_taken = _between(release, base, RELEASES_SHOWN) if base is not None and goes_back else ([], 0)
    later = releases.filter(order__gt=max(release.order, base.order) if goes_back and base else release.order)
    newer = list(later.order_by("-order")[: NEWER_SHOWN + 1])
    more_newer = later.count() - NEWER_SHOWN if len(newer) > NEWER_SHOWN else 0
    newer = newer[:NEWER_SHOWN]
    shown = [*brings, *takes, *newer]
    parts = _parts(shown, promotion)
    return Contents(
        base=base,
        brings=[parts[one.pk] for one in brings],
        more_brought=more_brought,
        takes=[parts[one.pk] for one in takes],
        more_taken=more_taken,
        newer=[parts[one.pk] for one in newer],
        more_newer=more_newer,
        authors=_authors(change for one in brings or takes for change in parts[one.pk].changes),
        compare_url=_comparison(promotion, base, release) if base else "",
    )


def live_before(promotion: Promotion) -> Release | None:
    """What was live on its target before it brought its own; while it has not, what is live. One query."""
    found = Deployment.objects.filter(target=promotion.target_id)
    brought = promotion.brought
    if brought is not None:
        found = found.filter(pk__lt=brought.pk)
    elif promotion.finished_at is not None:
        found = found.filter(at__lte=promotion.started_at or promotion.finished_at)
    before = found.select_related("release").order_by("-id").first()
    return before.release if before else None


def _comparison(promotion: Promotion, base: Release, release: Release) -> str:
    """What was added from the older of the two to the newer, whichever way it went."""
    older, newer = sorted((base, release), key=lambda one: one.order)
    return compare_url(promotion.application.repository, older.commit, newer.commit)


def compare_url(repository: str, old: str, new: str) -> str:
    """The page on which the forge compares two commits; empty where no page is known, or there is nothing to
    compare."""
    if not (old and new) or old == new:
        return ""
    if _OWNER_AND_NAME.fullmatch(repository):
        address = f"https://github.com/{repository}"
    elif urlsplit(repository).scheme in ("http", "https"):
        address = repository.rstrip("/").removesuffix(".git")
    else:
        return ""
    between = f"{quote(old, safe='')}...{quote(new, safe='')}"
    return f"{address}/-/compare/{between}" if "gitlab" in urlsplit(address).netloc else f"{address}/compare/{between}"


def _between(older: Release, newer: Release, most: int) -> tuple[list[Release], int]:
    """Those after the one up to the other, the newest first, and how many there are besides."""
    found = Release.objects.filter(
        application=newer.application_id, order__gt=older.order, order__lte=newer.order
    ).order_by("-order")
    shown = list(found[: most + 1])
    return shown[:most], found.count() - most if len(shown) > most else 0


def _parts(releases: Sequence[Release], promotion: Promotion) -> Mapping[int, Part]:
    """Four queries. Of a release with very many changes not all are read."""
    if not releases:
        return {}
    ids = {one.pk for one in releases}
    written = Change.objects.filter(release__in=ids).order_by()
    counts = dict(written.values_list("release").annotate(number=Count("pk")))
    changes: dict[int, list[Change]] = {}
    for change in written.filter(position__lte=CHANGES_SHOWN).order_by("release", "position"):
        changes.setdefault(change.release_id, []).append(change)
    vetoes = {veto.release_id: veto for veto in Veto.objects.standing().filter(release__in=ids)}
    withdrawn = set(
        Deployment.objects.filter(target=promotion.target_id, release__in=ids, withdrawn_at__isnull=False).values_list(
            "release", flat=True
        )
    )
    return {
        one.pk: Part(
            release=one,
            changes=changes.get(one.pk, []),
            more=counts.get(one.pk, 0) - len(changes.get(one.pk, [])),
            veto=vetoes.get(one.pk),
            withdrawn=one.pk in withdrawn,
        )
        for one in releases
    }


def _authors(changes: Iterable[Change]) -> list[Author]:
    """Each once, in the order of the changes. One query."""
    names: dict[str, str] = {}
    for change in changes:
        key = change.author_email.lower() or change.author_name
        if key:
            names.setdefault(key, change.author_name or change.author_email)
    emails = [key for key in names if "@" in key]
    known = User.objects.annotate(small_email=Lower("email")).filter(small_email__in=emails) if emails else ()
    people = {person.email.lower(): person for person in known}
    return [Author(name=name, person=people.get(key)) for key, name in names.items()]
