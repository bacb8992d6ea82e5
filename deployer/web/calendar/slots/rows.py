"""The applications of a slot as they are typed, one in a row, each with the release that it is for."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from itertools import zip_longest

from django.db.models import F, Window
from django.db.models.functions import RowNumber

from apps_registry.models import Application, Target
from apps_registry.models.target import SlotPolicy
from apps_registry.rights import Rights
from deployer.releases.models import Release

VERSIONS_OFFERED = 10
LONGEST_SLUG = 100
SHOWN = 60
"""Of what was typed so much is said again in an error."""


@dataclass(slots=True, kw_only=True)
class Row:
    """What was typed, and what was found. `versions` are the application's newest, to choose from. `refused` says why
    no slot can be booked for it."""

    slug: str = ""
    version: str = ""
    application: Application | None = None
    release: Release | None = None
    versions: Sequence[str] = ()
    slug_error: str = ""
    version_error: str = ""
    refused: list[str] = field(default_factory=list)

    @property
    def is_blank(self) -> bool:
        return not (self.slug or self.version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """An application that slots can be booked for; `mine` by who reads."""

    slug: str
    name: str
    owner: str
    mine: bool


def offers(rights: Rights) -> list[Offer]:
    """What may be typed, one's own first. One query."""
    with_slots = Target.objects.exclude(slot_policy=SlotPolicy.NOT_USED).values("application")
    found = Application.objects.active().filter(pk__in=with_slots)
    rows = found.values_list("slug", "name", "owner__name", "owner", "pk")
    made = [
        Offer(slug=slug, name=name, owner=owner, mine=owner_id in rights.teams or pk in rights.applications)
        for slug, name, owner, owner_id, pk in rows
    ]
    return sorted(made, key=lambda offer: (not offer.mine, offer.slug))


def read_rows(slugs: Sequence[str], versions: Sequence[str] = ()) -> list[Row]:
    """The rows that are not blank. Several applications in one, with commas or spaces between, become as many."""
    rows: list[Row] = []
    for text, version in zip_longest(slugs, versions, fillvalue=""):
        for slug in re.split(r"[\s,;]+", text.strip().casefold()) if text.strip() else [""]:
            row = Row(slug=slug, version=version.strip())
            if not row.is_blank:
                rows.append(row)
    return rows


def look_up(rows: Iterable[Row]) -> None:
    """Find the applications and releases, and the versions to offer: three queries, however many rows there are."""
    rows = list(rows)
    slugs = {row.slug for row in rows if _can_be_looked_up(row.slug)}
    found = {one.slug: one for one in Application.objects.filter(slug__in=slugs).select_related("owner")}
    for row in rows:
        row.application = found.get(row.slug)
    look_up_releases(rows)


def look_up_releases(rows: Sequence[Row]) -> None:
    """Find the releases of rows whose applications are known, and the versions to offer: two queries."""
    ids = {row.application.pk for row in rows if row.application}
    newest = newest_versions(ids)
    versions = {row.version for row in rows if _can_be_looked_up(row.version)}
    releases = {
        (one.application_id, one.version): one
        for one in Release.objects.filter(application__in=ids, version__in=versions).select_related("application")
    }
    for row in rows:
        if row.application:
            row.versions = newest.get(row.application.pk, [])
            row.release = releases.get((row.application.pk, row.version))


def newest_versions(applications: Collection[int]) -> Mapping[int, list[str]]:
    """The newest of each, newest first. One query."""
    rank = Window(RowNumber(), partition_by=F("application"), order_by=F("order").desc())
    ranked = Release.objects.filter(application__in=applications).annotate(rank=rank)
    found: dict[int, list[str]] = {}
    for application, version in (
        ranked.filter(rank__lte=VERSIONS_OFFERED).order_by("application", "rank").values_list("application", "version")
    ):
        found.setdefault(application, []).append(version)
    return found


def check_rows(rows: Sequence[Row], known: Collection[str]) -> bool:
    """Whether they can be booked for; each row is told what is wrong with it. `known` are the slugs to suggest."""
    counts = Counter(row.slug for row in rows)
    for number, row in enumerate(rows):
        if not row.slug:
            row.slug_error = f"Enter the application that {shown(row.version)} is a release of"
        elif row.application is None:
            row.slug_error = _unknown(row.slug, known)
        elif counts[row.slug] > 1 and any(row.slug == earlier.slug for earlier in rows[:number]):
            row.slug_error = f"{row.slug} is there twice: leave one of the two out"
        check_version(row)
    return not any(row.slug_error or row.version_error for row in rows)


def check_version(row: Row) -> None:
    """Tell the row when its application has no such release."""
    if row.application is None or not row.version or row.release is not None:
        return
    if row.versions:
        newest = ", ".join(row.versions[:3])
        row.version_error = f"{row.slug} has no release {shown(row.version)}: its newest are {newest}"
    else:
        row.version_error = f"{row.slug} has no release yet: leave the release out"


def shown(text: str) -> str:
    """What was typed, as an error says it again."""
    return f"“{text[:SHOWN]}…”" if len(text) > SHOWN else f"“{text}”"


def _unknown(slug: str, known: Collection[str]) -> str:
    near = get_close_matches(slug[:LONGEST_SLUG], known, n=3)
    hint = f": did you mean {' or '.join(near)}?" if near else ": choose one from the list"
    return f"There is no application {shown(slug)}{hint}"


def _can_be_looked_up(text: str) -> bool:
    """PostgreSQL refuses a NUL even to look for it, and nothing longer is ever found."""
    return "\0" not in text and 0 < len(text) <= LONGEST_SLUG
