"""RFC 5545 rules: read strictly, and walked as dateutil walks them, but never for long."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import takewhile

import pytest
from dateutil.rrule import rrulestr
from hypothesis import given, settings
from hypothesis import strategies as st

from deployer.calendar.rrule import RecurrenceError, parse
from tests.calendar.strategies import wall

FRIDAY = wall("2026-03-06 16:00")
FAR = wall("2199-12-31")


def days(rule: str, starts: datetime = FRIDAY, first: datetime | None = None, number: int = 4) -> list[str]:
    """The days of the first occurrences from `first` on."""
    found = parse(rule).occurrences(starts, first or starts, FAR)
    return [f"{at:%Y-%m-%d}" for at, _ in zip(found, range(number), strict=False)]


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY", ["2026-03-06", "2026-03-07", "2026-03-08", "2026-03-09"]),
        ("FREQ=DAILY;INTERVAL=10", ["2026-03-06", "2026-03-16", "2026-03-26", "2026-04-05"]),
        ("FREQ=DAILY;BYMONTH=12;BYMONTHDAY=31", ["2026-12-31", "2027-12-31", "2028-12-31", "2029-12-31"]),
        ("FREQ=WEEKLY", ["2026-03-06", "2026-03-13", "2026-03-20", "2026-03-27"]),
        ("FREQ=WEEKLY;BYDAY=MO,FR", ["2026-03-06", "2026-03-09", "2026-03-13", "2026-03-16"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,FR", ["2026-03-06", "2026-03-08", "2026-03-20", "2026-03-22"]),
        ("FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,FR;WKST=SU", ["2026-03-06", "2026-03-15", "2026-03-20", "2026-03-29"]),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-03-06", "2026-03-13", "2026-03-20", "2026-03-27"]),
        ("FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1", ["2026-03-09", "2026-03-16", "2026-03-23", "2026-03-30"]),
        ("FREQ=MONTHLY", ["2026-03-06", "2026-04-06", "2026-05-06", "2026-06-06"]),
        ("FREQ=MONTHLY;BYMONTHDAY=-1", ["2026-03-31", "2026-04-30", "2026-05-31", "2026-06-30"]),
        ("FREQ=MONTHLY;BYDAY=1FR", ["2026-03-06", "2026-04-03", "2026-05-01", "2026-06-05"]),
        ("FREQ=MONTHLY;BYDAY=-1FR", ["2026-03-27", "2026-04-24", "2026-05-29", "2026-06-26"]),
        ("FREQ=MONTHLY;BYDAY=5FR", ["2026-05-29", "2026-07-31", "2026-10-30", "2027-01-29"]),
        ("FREQ=MONTHLY;BYDAY=1MO,FR", ["2026-03-06", "2026-03-13", "2026-03-20", "2026-03-27"]),
        ("FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", ["2026-03-13", "2026-11-13", "2027-08-13", "2028-10-13"]),
        ("FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1", ["2026-03-31", "2026-04-30", "2026-05-29", "2026-06-30"]),
        ("FREQ=YEARLY", ["2026-03-06", "2027-03-06", "2028-03-06", "2029-03-06"]),
        ("FREQ=YEARLY;BYMONTH=6", ["2026-06-06", "2027-06-06", "2028-06-06", "2029-06-06"]),
        ("FREQ=YEARLY;BYDAY=-1MO;BYMONTH=5", ["2026-05-25", "2027-05-31", "2028-05-29", "2029-05-28"]),
        ("FREQ=YEARLY;BYDAY=20MO", ["2026-05-18", "2027-05-17", "2028-05-15", "2029-05-14"]),
        ("FREQ=YEARLY;BYYEARDAY=-1,100", ["2026-04-10", "2026-12-31", "2027-04-10", "2027-12-31"]),
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", ["2028-02-29", "2032-02-29", "2036-02-29", "2040-02-29"]),
        ("freq=daily;count=2", ["2026-03-06", "2026-03-07"]),
        ("FREQ=DAILY;BYHOUR=15,17;COUNT=3", ["2026-03-06", "2026-03-07", "2026-03-07"]),
    ],
)
def test_a_rule_names_its_days(rule: str, expected: list[str]) -> None:
    assert days(rule) == expected


def test_each_occurrence_has_the_firsts_time_unless_the_rule_names_times() -> None:
    first = wall("2026-03-06 16:05")

    plain = list(parse("FREQ=DAILY").occurrences(first, first, first + timedelta(days=1)))
    named = list(parse("FREQ=DAILY;BYHOUR=9,17;BYMINUTE=0,30").occurrences(first, first, first + timedelta(days=1)))

    assert plain == [first, first + timedelta(days=1)]
    assert [f"{at:%d %H:%M}" for at in named] == ["06 17:00", "06 17:30", "07 09:00", "07 09:30"]


@pytest.mark.parametrize(
    ("starts", "rule", "expected"),
    [
        (wall("2024-02-29"), "FREQ=YEARLY", ["2028-02-29", "2032-02-29", "2036-02-29", "2040-02-29"]),
        (wall("2025-12-31"), "FREQ=MONTHLY", ["2026-01-31", "2026-03-31", "2026-05-31", "2026-07-31"]),
    ],
)
def test_a_day_that_a_month_lacks_is_left_out(starts: datetime, rule: str, expected: list[str]) -> None:
    assert days(rule, starts, first=wall("2026-01-01")) == expected


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ("FREQ=DAILY;INTERVAL=7", ["2126-03-08", "2126-03-15"]),
        ("FREQ=WEEKLY;INTERVAL=3", ["2126-03-22", "2126-04-12"]),
        ("FREQ=MONTHLY;INTERVAL=7", ["2126-07-06", "2127-02-06"]),
        ("FREQ=YEARLY;INTERVAL=3", ["2128-03-06", "2131-03-06"]),
    ],
)
def test_an_interval_keeps_its_step_a_century_on(rule: str, expected: list[str]) -> None:
    assert days(rule, first=wall("2126-03-02"), number=2) == expected


@pytest.mark.parametrize(
    "rule",
    [
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
        "FREQ=DAILY;INTERVAL=7;BYDAY=MO",
        "FREQ=WEEKLY;BYDAY=MO;BYSETPOS=2",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=1MO;BYMONTHDAY=20",
        "FREQ=MONTHLY;INTERVAL=12;BYMONTH=4",
        "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1",
    ],
)
def test_a_rule_that_never_happens_comes_to_an_end(rule: str) -> None:
    assert days(rule) == []


def test_what_counts_is_counted_from_the_first_on() -> None:
    assert days("FREQ=WEEKLY;COUNT=4", first=wall("2026-03-14")) == ["2026-03-20", "2026-03-27"]
    assert days("FREQ=WEEKLY;COUNT=4", first=wall("2026-03-28")) == []


@pytest.mark.parametrize(
    ("rule", "problem"),
    [
        ("", "'' is no part of one"),
        ("every Friday", "is no part of one"),
        ("FREQ=DAILY;", "'' is no part of one"),
        ("RRULE:FREQ=DAILY", "'RRULE:FREQ' can't be used here"),
        ("DTSTART=20260101T000000;FREQ=DAILY", "'DTSTART' can't be used here"),
        ("FREQ=DAILY;BYEASTER=1", "'BYEASTER' can't be used here"),
        ("FREQ=YEARLY;BYWEEKNO=1", "'BYWEEKNO' can't be used here"),
        ("FREQ=DAILY;FREQ=WEEKLY", "FREQ is there twice"),
        ("INTERVAL=2", "FREQ must be one of DAILY, WEEKLY, MONTHLY, YEARLY"),
        ("FREQ=HOURLY", "FREQ must be one of"),
        ("FREQ=DAILY\n", "FREQ must be one of"),
        ("FREQ=DAILY;INTERVAL=0", "INTERVAL must be a whole number from 1 to 1000, not '0'"),
        ("FREQ=DAILY;INTERVAL=-1", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=1.5", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=٣", "INTERVAL must be"),
        ("FREQ=DAILY;INTERVAL=" + "9" * 300, "INTERVAL must be"),
        ("FREQ=DAILY;COUNT=0", "COUNT must be a whole number from 1 to 10000"),
        ("FREQ=DAILY;COUNT=999999999", "COUNT must be"),
        ("FREQ=DAILY;COUNT=3;UNTIL=20261231", "COUNT and UNTIL exclude each other"),
        ("FREQ=DAILY;UNTIL=20260230", "UNTIL must be a day such as 20261231"),
        ("FREQ=DAILY;UNTIL=tomorrow", "UNTIL must be"),
        ("FREQ=DAILY;UNTIL=20261231T250000Z", "UNTIL must be"),
        ("FREQ=YEARLY;BYMONTH=13", "BYMONTH must be a whole number from 1 to 12, not '13'"),
        ("FREQ=YEARLY;BYMONTH=", "BYMONTH must be"),
        ("FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY counts from 1, or from the end from -1"),
        ("FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY must be"),
        ("FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY is not for FREQ=WEEKLY"),
        ("FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY is for FREQ=YEARLY only"),
        ("FREQ=WEEKLY;BYDAY=1FR", "a number before BYDAY's day is for FREQ=MONTHLY and YEARLY only"),
        ("FREQ=MONTHLY;BYDAY=0FR", "BYDAY counts from 1"),
        ("FREQ=WEEKLY;BYDAY=FRI", "BYDAY must be"),
        ("FREQ=WEEKLY;BYDAY=XX", "BYDAY must be one of MO, TU, WE, TH, FR, SA, SU, not 'XX'"),
        ("FREQ=WEEKLY;BYDAY=", "BYDAY must be one of"),
        ("FREQ=WEEKLY;WKST=8", "WKST must be one of"),
        ("FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS needs another part that begins with BY"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=0", "BYSETPOS counts from 1"),
        ("FREQ=MONTHLY;BYDAY=FR;BYSETPOS=367", "BYSETPOS must be"),
        ("FREQ=DAILY;BYHOUR=24", "BYHOUR must be a whole number from 0 to 23"),
        ("FREQ=DAILY;BYHOUR=9,10,11;BYMINUTE=0,1,2,3,4,5,6,7,8", "it names more than 24 times a day"),
    ],
)
def test_what_is_no_rule_is_refused_with_what_to_write(rule: str, problem: str) -> None:
    with pytest.raises(RecurrenceError) as refused:
        parse(rule)

    sentence = str(refused.value)
    assert problem in sentence
    assert sentence.startswith("This is no RFC 5545 rule such as FREQ=WEEKLY;BYDAY=FR: ")
    assert sentence.endswith(".")


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="FREQDAILYWKMONTHBYSPU=;,+-0129 \n", max_size=60))
def test_any_text_is_a_rule_or_is_refused(text: str) -> None:
    for rule in (text, f"FREQ=WEEKLY;{text}"):
        try:
            found = parse(rule)
        except RecurrenceError:
            continue
        assert len(days(rule)) <= 4
        assert found.interval >= 1


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Rules that dateutil reads as RFC 5545 does; it takes all of a mixture such as BYDAY=MO,1TU to be a must, and the
    first week for shorter than it is when BYSETPOS counts in it."""
    frequency = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={frequency}", f"INTERVAL={draw(st.integers(1, 3))}"]
    weekdays = st.sampled_from(["MO", "TU", "WE", "TH", "FR", "SA", "SU"])
    chosen = draw(st.sets(weekdays, max_size=4))
    if chosen and frequency in ("MONTHLY", "YEARLY") and draw(st.booleans()):
        chosen = {f"{draw(st.sampled_from([1, 2, -1, -2]))}{day}" for day in chosen}
    if chosen:
        parts.append(f"BYDAY={','.join(sorted(chosen))}")
    if draw(st.integers(0, 2)) == 0:
        parts.append(f"BYMONTH={','.join(map(str, sorted(draw(st.sets(st.integers(1, 12), min_size=3)))))}")
    elif frequency != "WEEKLY" and draw(st.integers(0, 2)) == 0:
        month_days = draw(st.sets(st.sampled_from([*range(1, 29), -1, -2]), min_size=1, max_size=6))
        parts.append(f"BYMONTHDAY={','.join(map(str, sorted(month_days)))}")
    if frequency == "YEARLY" and len(parts) == 2:
        parts.append(f"BYYEARDAY={draw(st.sampled_from(['1', '60,-1', '100,200,-100']))}")
    if draw(st.booleans()):
        parts.append(f"WKST={draw(weekdays)}")
    if len(chosen) > 1 and frequency in ("MONTHLY", "YEARLY") and "BYMONTHDAY" not in ";".join(parts):
        parts += draw(st.sampled_from([[], ["BYSETPOS=1"], ["BYSETPOS=-1,2"]]))
    parts += draw(st.sampled_from([[], [], ["COUNT=1"], ["COUNT=17"]]))
    parts += draw(st.sampled_from([[], [], ["BYHOUR=9,17"]]))
    return ";".join(parts)


moments = st.datetimes(wall("2024-01-01"), wall("2028-12-31")).map(lambda at: at.replace(second=0, microsecond=0))


@settings(max_examples=150, deadline=None)
@given(rules(), moments, st.integers(-30, 900), st.integers(0, 500))
def test_occurrences_are_those_of_dateutil(rule: str, starts: datetime, ahead: int, length: int) -> None:
    first = starts + timedelta(days=ahead)
    last = first + timedelta(days=length)

    walked: Iterator[datetime] = iter(rrulestr(rule, dtstart=starts))
    expected = [at for at in takewhile(lambda at: at <= last, walked) if at >= first]

    assert list(parse(rule).occurrences(starts, first, last)) == expected
