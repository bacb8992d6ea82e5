"""Which slots and freezes a feed shows, as they are now."""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import F, Max, Q

from apps_registry.models import Application, Environment, Team
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.calendar.actions import freezes as freeze_actions
from deployer.calendar.actions import slots as slot_actions
from deployer.calendar.models import Freeze, Slot, SlotApplication
from deployer.calendar.models.slot import SlotQuerySet
from deployer.calendar.spans import Span
from deployer.web.calendar.feeds.entries import Entry, Feed, freeze_entries, slot_entry

BACK = timedelta(days=30)
AHEAD = timedelta(days=400)
MOST = 5000
CALLED_OFF_FOR = timedelta(days=28)
"""So long a slot that was called off is still shown, as cancelled, so that every calendar sees it and removes it."""


def my_slots(person: User, now: datetime) -> Feed:
    """Those that they booked, that they watch, by name or as watcher of the application, and those of their teams'
    applications."""
    here = Q(application__watchers__environment=None) | Q(application__watchers__environment=F("slot__environment"))
    theirs = Q(application__owner__memberships__user=person) | (Q(application__watchers__user=person) & here)
    slots = Slot.objects.filter(
        Q(booker=person)
        | Q(pk__in=SlotApplication.objects.filter(theirs).values("slot"))
        | Q(pk__in=_watched_by_name(person, now))
    )
    return _slots_feed("my slots", slots, now)


def slots_of_team(team: Team, now: datetime) -> Feed:
    bookings = SlotApplication.objects.filter(application__owner=team)
    return _slots_feed(f"slots of {team.name}", Slot.objects.filter(pk__in=bookings.values("slot")), now)


def slots_of_application(application: Application, now: datetime) -> Feed:
    bookings = SlotApplication.objects.filter(application=application)
    return _slots_feed(f"slots of {application}", Slot.objects.filter(pk__in=bookings.values("slot")), now)


def slots_in(environment: Environment, now: datetime) -> Feed:
    return _slots_feed(f"slots in {environment}", Slot.objects.in_environment(environment.pk), now)


def freezes(
    now: datetime,
    *,
    team: Team | None = None,
    application: Application | None = None,
    environment: Environment | None = None,
) -> Feed:
    """Those that touch all that is given: anything of the team's, the application, anything in the environment."""
    day, window = _window(now)
    owned = frozenset(team.applications.values_list("pk", flat=True)) if team else frozenset()
    found = [
        freeze
        for freeze in Freeze.objects.touching(*window).with_scope()
        if (team is None or _names(freeze, teams={team.pk}, applications=owned))
        and (application is None or _names(freeze, teams={application.owner_id}, applications={application.pk}))
        and (environment is None or freeze.covers_environment(environment.pk))
    ]
    changes = _last_changes({freeze_actions.subject_of(freeze): freeze.declared_at for freeze in found})
    entries = [
        entry
        for freeze in found
        for entry in freeze_entries(freeze, changes[freeze_actions.subject_of(freeze)], window)
    ]
    of, where = team or application, f" in {environment}" if environment else ""
    shown, notice = _nearest(entries, day)
    return Feed(name=_name(f"freezes{f' of {of}' if of else ''}{where}"), day=day, entries=shown, notice=notice)


def slot_file_entry(slot: Slot) -> Entry:
    """The entry of one slot, which was read `with_names`."""
    return slot_entry(
        slot, _last_changes({slot_actions.subject_of(slot): slot.booked_at})[slot_actions.subject_of(slot)]
    )


def _name(what: str) -> str:
    return f"{settings.SITE_NAME}: {what}"


def _window(now: datetime) -> tuple[datetime, Span]:
    """The day in UTC and what feeds show on it. By whole days, so that a feed changes only with what it shows, and once
    a day."""
    day = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return day, Span(day - BACK, day + AHEAD)


def _slots_feed(what: str, slots: SlotQuerySet, now: datetime) -> Feed:
    """The number of queries does not depend on how many there are."""
    day, window = _window(now)
    ids, notice = _nearest_ids(slots.overlapping(*window), day)
    found = list(Slot.objects.with_names().filter(pk__in=ids).order_by("starts_at", "pk"))
    changes = _last_changes({slot_actions.subject_of(slot): slot.booked_at for slot in found})
    entries = [slot_entry(slot, changes[slot_actions.subject_of(slot)]) for slot in found]
    shown = [one for one in entries if not one.cancelled or one.changed_at >= day - CALLED_OFF_FOR]
    return Feed(name=_name(what), day=day, entries=shown, notice=notice)


def _nearest_ids(slots: SlotQuerySet, day: datetime) -> tuple[list[int], str]:
    """Today's and the coming ones first, then those that are over, the latest first."""
    coming = slots.filter(ends_at__gte=day).order_by("starts_at", "pk")
    over = slots.filter(ends_at__lt=day).order_by("-starts_at", "-pk")
    ids = list(coming.values_list("pk", flat=True)[: MOST + 1])
    ids += over.values_list("pk", flat=True)[: MOST + 1 - len(ids)]
    return ids[:MOST], _notice(len(ids), "slots")


def _nearest(entries: Sequence[Entry], day: datetime) -> tuple[list[Entry], str]:
    """The same of entries."""
    coming = sorted((one for one in entries if one.span.end >= day), key=_place)
    over = sorted((one for one in entries if one.span.end < day), key=_place, reverse=True)
    return sorted([*coming, *over][:MOST], key=_place), _notice(len(entries), "times of freezes")


def _place(entry: Entry) -> tuple[datetime, str]:
    return entry.span.start, entry.uid


def _notice(number: int, what: str) -> str:
    if number <= MOST:
        return ""
    return f"Only {MOST:,} {what} are shown: those that are furthest ahead or longest over are left out."


def _last_changes(since: Mapping[str, datetime]) -> dict[str, datetime]:
    """When each of the subjects, which are mapped to when they were made, was last changed, by its events."""
    events = Event.objects.exclude(subject="").filter(subject__in=list(since)).order_by()
    return {**since, **dict(events.values_list("subject").annotate(at=Max("at")))}


def _names(freeze: Freeze, *, teams: set[int], applications: frozenset[int] | set[int]) -> bool:
    """Whether its scope has one of these, or is for every application."""
    terms = freeze.terms
    return not (terms.teams or terms.applications) or bool(teams & terms.teams or applications & terms.applications)


def _watched_by_name(person: User, now: datetime) -> list[int]:
    """The slots whose `watched_by` names them: by name, user name or e-mail address, alone or in a list."""
    names = {name.casefold() for name in (person.as_actor().label, person.username, person.email) if name}
    named = Q()
    for name in sorted(names):
        named |= Q(watched_by__icontains=name)
    _, window = _window(now)
    found = Slot.objects.overlapping(*window).filter(named).values_list("pk", "watched_by")
    return [pk for pk, text in found if names & set(re.split(r"\s*[,;&/\n]\s*|\s+and\s+", text.strip().casefold()))]
