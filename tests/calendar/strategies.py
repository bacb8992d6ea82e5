"""What the property tests of the calendar's pure rules draw: times to the minute, close to the clock changes."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta

from hypothesis import strategies as st

from deployer.calendar.hours import Hours, WeeklyHours
from deployer.calendar.rules import CalendarFacts, FreezeFacts, SlotFacts, SlotPolicy
from deployer.calendar.spans import Span
from deployer.calendar.walltime import local_day, zone_named

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


def utc(text: str) -> datetime:
    """Such as utc("2026-03-29 01:00")."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def wall(text: str) -> datetime:
    """What a clock on the wall shows, such as wall("2026-03-29 01:00")."""
    return datetime.fromisoformat(text)


CHANGES: Mapping[str, tuple[datetime, ...]] = {
    "Europe/London": (utc("2026-03-29 01:00"), utc("2026-10-25 01:00")),
    "America/New_York": (utc("2026-03-08 07:00"), utc("2026-11-01 06:00")),
    "Australia/Lord_Howe": (utc("2026-04-04 15:00"), utc("2026-10-03 15:30")),
    "America/Havana": (utc("2026-03-08 05:00"), utc("2026-11-01 05:00")),
    "Asia/Beirut": (utc("2026-03-28 22:00"), utc("2026-10-24 21:00")),
    "Pacific/Apia": (utc("2011-12-30 10:00"),),
}
"""Clock changes: by an hour, by half an hour, at midnight, and by a whole day."""

zones_and_changes = st.sampled_from([(zone, at) for zone, changes in CHANGES.items() for at in changes])
wall_times = st.builds(time, st.integers(0, 23), st.sampled_from([0, 0, 1, 15, 30, 45, 59]))
weekly_hours = st.lists(st.builds(WeeklyHours, st.integers(0, 6), wall_times, wall_times), max_size=8).map(tuple)


def instants(change: datetime, days: int = 2) -> st.SearchStrategy[datetime]:
    """Minutes of so many days on both sides of a clock change, some of them right beside it."""
    near, far = 3 * 60, days * 24 * 60
    minutes = st.one_of(st.integers(-near, near), st.integers(-far, far))
    return minutes.map(lambda number: change + number * MINUTE)


def spans(change: datetime, longest: int = 12 * 60) -> st.SearchStrategy[Span]:
    """Spans of at least a minute."""
    return st.builds(
        lambda start, length: Span(start, start + length * MINUTE), instants(change), st.integers(1, longest)
    )


@st.composite
def hours(draw: st.DrawFn, zone: str, change: datetime) -> Hours:
    """Weekly hours, and closed days around a clock change."""
    day = local_day(change, zone_named(zone))
    closed = draw(st.sets(st.integers(-2, 2), max_size=2))
    return Hours(
        zone=zone, weekly=draw(weekly_hours), closed={day + number * DAY: f"day {number}" for number in closed}
    )


@st.composite
def freezes(draw: st.DrawFn, change: datetime) -> list[FreezeFacts]:
    """Some, in the order of their start; few without an end."""
    found = [
        FreezeFacts(
            id=number,
            scope="Everything",
            reason="Budget.",
            declared_by="Alex",
            starts_at=span.start,
            ends_at=None if draw(st.integers(0, 9)) == 0 else span.end,
            allows_rollbacks=draw(st.booleans()),
            allows_by_hand=draw(st.booleans()),
        )
        for number, span in enumerate(draw(st.lists(spans(change), max_size=3)), 1)
    ]
    return sorted(found, key=lambda one: one.starts_at)


def names_of_blockers(change: datetime) -> list[str]:
    """What overrides may name, of what the strategies here make."""
    holidays = [f"holiday:{date.isoformat(change.date() + number * DAY)}" for number in range(-2, 3)]
    return ["freeze:1", "freeze:2", "freeze:3", "window", "no_slot", "slot:1", "slot:places", *holidays]


@st.composite
def slots(draw: st.DrawFn, change: datetime, slugs: tuple[str, ...], versions: tuple[str, ...]) -> list[SlotFacts]:
    """Some, in the order of their start, with overrides of whatever may block in them."""
    names = names_of_blockers(change)
    found = [
        SlotFacts(
            id=number,
            releases={
                slug: draw(st.sampled_from(("", *versions)))
                for slug in draw(st.sets(st.sampled_from(slugs), min_size=1, max_size=2))
            },
            span=span,
            booked_by=draw(st.sampled_from(["Ben", "Cleo"])),
            alone=draw(st.sampled_from(["", "", "the slot is exclusive."])),
            exclusive=draw(st.booleans()),
            overridden=frozenset(draw(st.sets(st.sampled_from(names), max_size=3))),
        )
        for number, span in enumerate(draw(st.lists(spans(change, longest=4 * 60), max_size=5)), 1)
    ]
    return sorted(found, key=lambda slot: slot.span.start)


@st.composite
def calendar_facts(draw: st.DrawFn, zone: str, change: datetime) -> CalendarFacts:
    """What the calendar looks at for version v1 of application a, around a clock change."""
    return CalendarFacts(
        application="a",
        environment="production",
        version="v1",
        is_rollback=draw(st.integers(0, 9)) == 0,
        by_hand=draw(st.booleans()),
        slot_policy=draw(st.sampled_from(SlotPolicy)),
        hours=draw(st.one_of(st.none(), hours(zone, change), hours(zone, change))),
        lasts=draw(st.sampled_from([0, 1, 15, 30, 60, 90])) * MINUTE,
        freezes=draw(freezes(change)),
        slots=draw(slots(change, slugs=("a", "b", "c", "d"), versions=("v1", "v2"))),
        running=sorted(draw(st.sets(st.sampled_from("bcde"), max_size=2))),
        capacity=draw(st.integers(1, 3)),
        exclusions=draw(st.sampled_from([{}, {}, {"b": "They share a schema."}])),
        alone=draw(st.sampled_from(["", "", "", "It is big."])),
        passed=draw(st.dictionaries(st.sampled_from(names_of_blockers(change)), instants(change), max_size=2)),
    )
