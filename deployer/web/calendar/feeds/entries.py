"""What a feed shows, as values: the entries that slots and freezes become, before they are written as iCalendar."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import NAMESPACE_URL, uuid5

from django.conf import settings

from deployer.calendar.models import Freeze, FreezeLift, Slot
from deployer.calendar.sentences import clause, listed, stopped
from deployer.calendar.spans import Span
from deployer.calendar.states import SlotState
from deployer.web.templatetags.deployer import short

CALLED_OFF = {SlotState.CANCELLED: "Cancelled: ", SlotState.MISSED: "Missed: "}
"""What a summary begins with: some programs show a cancelled event like any other."""
MOST_NAMES = 4
LONGEST_SUMMARY = 150


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An event. Times are UTC; it ends after it starts, in whole seconds too."""

    uid: str
    sequence: int
    made_at: datetime
    changed_at: datetime
    span: Span
    summary: str
    description: str
    location: str
    categories: tuple[str, ...]
    url: str
    cancelled: bool = False
    keeps_busy: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Feed:
    """The entries in order, as they are on `day`, a midnight in UTC. `notice` says what is left out as too much."""

    name: str
    day: datetime
    entries: Sequence[Entry]
    notice: str = ""

    @property
    def etag(self) -> str:
        """Of everything that is written: the same for the same feed, in any process."""
        return f'"{sha256(repr(self).encode()).hexdigest()[:32]}"'

    @property
    def changed_at(self) -> datetime:
        """When it last changed. What is no event of an entry, such as joining a team, counts from the next day on."""
        return max([self.day, *(entry.changed_at for entry in self.entries)])


def slot_entry(slot: Slot, changed_at: datetime) -> Entry:
    """Asks nothing after `with_names`. A slot that was missed has changed once more than its row counts."""
    state = SlotState(slot.state)
    environment = slot.environment
    return Entry(
        uid=f"{slot.uid}@deployer",
        sequence=slot.sequence + (state == SlotState.MISSED),
        made_at=slot.booked_at,
        changed_at=changed_at,
        span=slot.span,
        summary=f"{CALLED_OFF.get(state, '')}{_names(slot)} to {environment}",
        description="\n".join(_about_slot(slot)),
        location=environment.name,
        categories=("Slot", environment.name),
        url=slot.full_url(),
        cancelled=state in CALLED_OFF,
        keeps_busy=state not in CALLED_OFF,
    )


def _names(slot: Slot) -> str:
    """Such as "frontend v12, router and 3 more"."""
    names = [
        f"{one.application} {short(one.release.version)}" if one.release else str(one.application)
        for one in slot.bookings.all()
    ]
    if len(names) > MOST_NAMES:
        return f"{', '.join(names[: MOST_NAMES - 1])} and {len(names) - MOST_NAMES + 1} more"
    return listed(names)


def _about_slot(slot: Slot) -> Iterator[str]:
    yield f"Booked by {slot.booked_by}."
    if slot.watched_by:
        yield f"Watched by {clause(slot.watched_by)}."
    if slot.exclusive:
        yield "Exclusive: nothing else is deployed there meanwhile."
    if slot.series:
        yield "One of a series."
    for one in slot.overrides.all():
        yield f"Overridden by {one.given_by}: {stopped(one.reason)} It passes: {stopped(one.sentence)}"
    if slot.outcome:
        yield stopped(slot.outcome)
    yield ""
    for booking in slot.bookings.all():
        yield f"- {booking}"
    if slot.notes.strip():
        yield f"\n{slot.notes.strip()}"
    yield f"\n{slot.full_url()}"


def freeze_entries(freeze: Freeze, changed_at: datetime, window: Span) -> Iterator[Entry]:
    """One for each time at which it holds within the window. Asks nothing after `with_scope`."""
    lifts = {lift.occurrence: lift for lift in freeze.lifts.all()}
    environments = tuple(one.name for one in freeze.environments.all())
    for first, until in freeze.times(*window):
        yield Entry(
            uid=_freeze_uid(freeze, first),
            sequence=freeze.sequence,
            made_at=freeze.declared_at,
            changed_at=changed_at,
            span=_whole_seconds(first, until or window.end),
            summary=_short(f"Freeze: {freeze.scope}"),
            description="\n".join(_about_freeze(freeze, until, lifts.get(first), window.end)),
            location=", ".join(environments) or "Every environment",
            categories=("Freeze", *environments),
            url=_url(freeze),
            keeps_busy=False,
        )


def _freeze_uid(freeze: Freeze, first: datetime) -> str:
    """Each time of a freeze that recurs is an event by itself, and is known by when it begins."""
    return f"{uuid5(NAMESPACE_URL, f'{_url(freeze)}#{first.isoformat()}').hex}@deployer"


def _url(freeze: Freeze) -> str:
    return settings.BASE_URL + freeze.get_absolute_url()


def _whole_seconds(start: datetime, end: datetime) -> Span:
    """As iCalendar writes them, and at least one."""
    start, end = (at.replace(microsecond=0) for at in (start, end))
    return Span(start, max(end, start + timedelta(seconds=1)))


def _about_freeze(freeze: Freeze, until: datetime | None, lift: FreezeLift | None, horizon: datetime) -> Iterator[str]:
    yield freeze.reason.strip()
    yield ""
    yield f"{freeze.scope}. Declared by {freeze.declared_by}."
    if freeze.contact:
        yield f"Contact: {freeze.contact}"
    yield f"Still allowed: {_allowed(freeze)}."
    if freeze.recurrence:
        yield f"It recurs: {freeze.recurrence}, by the clock of {freeze.zone}."
    if until is None:
        yield f"It lasts until it is lifted. This feed shows it as far as it reaches: {horizon.day} {horizon:%B %Y}."
    elif until == freeze.lifted_at:
        yield f"Lifted by {freeze.lifted_by}: {stopped(freeze.lift_reason)}"
    elif lift is not None:
        yield f"Lifted this time by {lift.lifted_by}: {stopped(lift.reason)}"
    yield f"\n{_url(freeze)}"


def _allowed(freeze: Freeze) -> str:
    allowed = {"rollbacks": freeze.allows_rollbacks, "deploys that a person starts": freeze.allows_by_hand}
    return listed([what for what, is_so in allowed.items() if is_so]) or "nothing"


def _short(text: str) -> str:
    return text if len(text) <= LONGEST_SUMMARY else f"{text[: LONGEST_SUMMARY - 1]}…"
