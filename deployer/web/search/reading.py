"""What is found over everything: at most a dozen queries, each by an index or over what is few."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_
from typing import Any

from django.db import connection
from django.db.models import Max, Q
from django.utils.text import Truncator

from apps_registry.models import Application, Environment, Team
from deployer.access.models import User
from deployer.calendar.models import Freeze
from deployer.promotions.models import Promotion
from deployer.releases.models import Change, Release

SHORTEST = 2
SHORTEST_COMMIT = 4
TITLES_SEARCHED = 20_000
"""So many of the newest changes are searched by their title."""
SHOWN = 10
SHOWN_ALONE = 100
COMMIT = re.compile(r"[0-9a-f]{4,64}")
NUMBER = re.compile(r"#?([0-9]{1,15})")


@dataclass(frozen=True, slots=True)
class Hit:
    """`why` says why it matches, and what tells it from others."""

    label: str
    link: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """`more` says that there are more than are shown; `is_alone` that only this kind was asked for."""

    kind: str
    hits: Sequence[Hit]
    more: bool
    is_alone: bool
    note: str = ""

    @property
    def slug(self) -> str:
        return self.kind.lower()


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """`exact` are those that were named in full."""

    text: str
    exact: Sequence[Hit]
    groups: Sequence[Group]

    @property
    def is_too_short(self) -> bool:
        return 0 < len(self.text) < SHORTEST and not self.exact

    @property
    def is_nothing(self) -> bool:
        return len(self.text) >= SHORTEST and not (self.exact or self.groups)


Finder = Callable[[str, int], list[Hit]]


def search(text: str, kind: str = "") -> Found:
    """Everything that matches; of one kind only (a group's slug), more of it."""
    text = " ".join(text.split())[:200]
    if not text:
        return Found(text=text, exact=(), groups=())
    alone = kind in {name.lower() for name in FINDERS}
    shown = SHOWN_ALONE if alone else SHOWN
    groups = []
    for name, (find, note) in FINDERS.items() if len(text) >= SHORTEST else ():
        if alone and name.lower() != kind:
            continue
        hits = find(text, shown + 1)
        if hits:
            groups.append(Group(kind=name, hits=hits[:shown], more=len(hits) > shown, is_alone=alone, note=note))
    return Found(text=text, exact=[] if alone else _exact(text), groups=groups)


def prefixed(field: str, text: str) -> Q:
    """Those that begin so, case and all, in a way for which each database uses the field's index."""
    if connection.vendor == "sqlite":
        return Q(**{f"{field}__gte": text, f"{field}__lt": text + "\U0010ffff"})
    return Q(**{f"{field}__startswith": text})


def _exact(text: str) -> list[Hit]:
    """An application, a promotion, a release by its commit, or one by its application and version."""
    found: list[Hit] = []
    first, _, rest = text.partition(" ")
    application = Application.objects.filter(slug=first.lower()).select_related("owner").first()
    if application is not None and not rest:
        found.append(Hit(application.slug, application.get_absolute_url(), f"Application of {application.owner}"))
    if application is not None and rest:
        release = application.releases.filter(version=rest).first()
        found += [_release_hit(release, "Release")] if release else []
    number = NUMBER.fullmatch(text.lower().removeprefix("promotion ").strip())
    if number:
        promotion = Promotion.objects.with_names().filter(pk=int(number[1])).first()
        if promotion is not None:
            what = (
                f"Promotion of {promotion.application} {_short(promotion.release.version)} to {promotion.environment}"
            )
            found.append(Hit(f"Promotion {promotion.pk}", promotion.get_absolute_url(), f"{what}, {promotion.state}"))
    if len(text) in (40, 64) and COMMIT.fullmatch(text.lower()):
        releases = Release.objects.filter(commit=text.lower()).select_related("application").order_by("-id")[:SHOWN]
        found += [_release_hit(one, "Release of this commit") for one in releases]
    return found


def _applications(text: str, most: int) -> list[Hit]:
    rows = _containing(Application.objects.select_related("owner"), ("slug", "name"), text)[:most]
    return [Hit(one.slug, one.get_absolute_url(), _application_words(one)) for one in rows]


def _application_words(one: Application) -> str:
    words = [one.name] if one.name.lower() != one.slug else []
    return ", ".join([*words, f"of {one.owner}", *(["archived"] if one.is_archived else [])])


def _releases(text: str, most: int) -> list[Hit]:
    """By version; with an application before it, of that one."""
    first, _, rest = text.partition(" ")
    wanted = prefixed("version", text)
    if rest:
        named = Application.objects.filter(prefixed("slug", first.lower())).values_list("pk", flat=True)[:SHOWN]
        wanted |= Q(application__in=list(named)) & prefixed("version", rest)
    rows = Release.objects.filter(wanted).select_related("application").order_by("-id")[:most]
    return [_release_hit(one, "Release") for one in rows]


def _commits(text: str, most: int) -> list[Hit]:
    """By the beginning of its id, of releases and of the changes that they bring; else by words of the title."""
    lower = text.lower()
    if COMMIT.fullmatch(lower):
        built = Release.objects.filter(prefixed("commit", lower)).select_related("application").order_by("-id")[:most]
        brought = _with_names(Change.objects.filter(prefixed("commit", lower)))[:most]
        found = [Hit(_short(one.commit), one.get_absolute_url(), f"Built as {one}") for one in built]
        known = {one.link for one in found}
        found += [hit for hit in map(_change_hit, brought) if hit.link not in known]
        if found:
            return found[:most]
    last = Change.objects.aggregate(last=Max("id"))["last"] or 0
    newest = Change.objects.filter(pk__gt=last - TITLES_SEARCHED)
    return [_change_hit(one) for one in _with_names(_containing(newest, ("title",), text))[:most]]


def _people(text: str, most: int) -> list[Hit]:
    """By name; e-mail addresses are neither searched nor shown."""
    people = User.objects.filter(is_active=True).prefetch_related("teams").order_by("username")
    rows = _containing(people, ("username", "first_name", "last_name"), text)[:most]
    return [
        Hit(one.get_full_name() or one.username, one.get_absolute_url(), ", ".join(map(str, one.teams.all())))
        for one in rows
    ]


def _teams(text: str, most: int) -> list[Hit]:
    rows = _containing(Team.objects.all(), ("slug", "name"), text)[:most]
    return [Hit(one.name, one.get_absolute_url(), one.slack_channel) for one in rows]


def _environments(text: str, most: int) -> list[Hit]:
    rows = _containing(Environment.objects.all(), ("slug", "name"), text)[:most]
    return [Hit(one.name, one.get_absolute_url(), "Production" if one.is_production else "") for one in rows]


def _freezes(text: str, most: int) -> list[Hit]:
    rows = _containing(Freeze.objects.order_by("-id"), ("reason",), text)[:most]
    return [
        Hit(Truncator(one.reason).chars(90), one.get_absolute_url(), f"Declared by {one.declared_by}") for one in rows
    ]


FINDERS: dict[str, tuple[Finder, str]] = {
    "Applications": (_applications, ""),
    "Releases": (_releases, ""),
    "Commits": (_commits, f"By words of the title: among the newest {TITLES_SEARCHED:,} changes."),
    "People": (_people, ""),
    "Teams": (_teams, ""),
    "Environments": (_environments, ""),
    "Freezes": (_freezes, ""),
}


def _containing(rows: Any, fields: Sequence[str], text: str) -> Any:
    """Those that have every word in one of the fields."""
    words = [reduce(or_, (Q(**{f"{field}__icontains": word}) for field in fields)) for word in text.split()]
    return rows.filter(reduce(and_, words))


def _with_names(changes: Any) -> Any:
    return changes.select_related("release__application").order_by("-id")


def _release_hit(one: Release, what: str) -> Hit:
    return Hit(
        f"{one.application} {_short(one.version)}", one.get_absolute_url(), f"{what}, commit {_short(one.commit)}"
    )


def _change_hit(one: Change) -> Hit:
    by = f" by {one.author_name}" if one.author_name else ""
    commit = f", commit {_short(one.commit)}" if one.commit else ""
    return Hit(one.title, one.release.get_absolute_url(), f"In {one.release}{by}{commit}")


def _short(commit: str) -> str:
    return commit[:12] if len(commit) >= 40 and COMMIT.fullmatch(commit) else commit
