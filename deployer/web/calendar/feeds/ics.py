"""Feeds and entries as iCalendar (RFC 5545 and 7986).

There is no METHOD: a feed is a snapshot, and PUBLISH would want an organiser to answer to (RFC 5546). DTSTAMP is then
the time of the last change, as LAST-MODIFIED. Times are UTC, so that no program has to know a zone's clock changes.
"""

import re
from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import lru_cache

from icalendar import Calendar, Event, Timezone, TimezoneStandard, vCategory, vDDDTypes, vText

from deployer.web.calendar.feeds.entries import Entry, Feed

CONTENT_TYPE = "text/calendar; charset=utf-8"
PRODID = "-//Deployer//Release calendar//EN"
REFRESHED_EVERY = timedelta(minutes=15)
"""How often programs are asked to look; most do so less often."""

_NEW_LINES = re.compile("\r\n?|[\v\f\x1c-\x1e\x85\u2028\u2029]")
_CONTROLS = re.compile("[\x00-\x08\x0e-\x1f\x7f]")
"""What RFC 5545 (3.1) allows nowhere: programs refuse the whole feed for one of them."""
_ESCAPED = (("\\", "\\\\"), (";", "\\;"), (",", "\\,"), ("\n", "\\n"))


class Text(vText):
    """What people wrote. icalendar 7.3 takes a backslash before a capital N, as in C:\\New, for a line break."""

    def to_ical(self) -> bytes:
        text = _CONTROLS.sub("", _NEW_LINES.sub("\n", self))
        for plain, escaped in _ESCAPED:
            text = text.replace(plain, escaped)
        return text.encode()


def write_feed(feed: Feed) -> bytes:
    """The feed, lines folded at 75 octets. One without entries has a time zone instead: a calendar has a component."""
    calendar = _calendar()
    for name in ("NAME", "X-WR-CALNAME"):
        calendar.add(name, Text(feed.name))
    if feed.notice:
        for name in ("DESCRIPTION", "X-WR-CALDESC"):
            calendar.add(name, Text(feed.notice))
    every = vDDDTypes(REFRESHED_EVERY)
    calendar.add("REFRESH-INTERVAL", every, parameters={"VALUE": "DURATION"})
    calendar.add("X-PUBLISHED-TTL", Text(every.to_ical().decode()))
    if not feed.entries:
        calendar.add_component(_utc())
    return _with_events(calendar, feed.entries)


def write_file(entry: Entry) -> bytes:
    """One entry, to be put into a calendar that is there already: without a name, which would make a new one."""
    return _with_events(_calendar(), [entry])


def _calendar() -> Calendar:
    calendar = Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", PRODID)
    calendar.add("CALSCALE", "GREGORIAN")
    return calendar


def _with_events(calendar: Calendar, entries: Iterable[Entry]) -> bytes:
    end = b"END:VCALENDAR\r\n"
    return bytes(calendar.to_ical()).removesuffix(end) + b"".join(map(_written, entries)) + end


@lru_cache(maxsize=10_000)
def _written(entry: Entry) -> bytes:
    """Kept: folding takes most of a feed's time, and from one look to the next most entries are the same."""
    return bytes(_event(entry).to_ical())


def _event(entry: Entry) -> Event:
    event = Event()
    event.add("UID", Text(entry.uid))
    event.add("SEQUENCE", entry.sequence)
    event.add("DTSTAMP", entry.changed_at)
    event.add("LAST-MODIFIED", entry.changed_at)
    event.add("CREATED", entry.made_at)
    event.add("DTSTART", entry.span.start)
    event.add("DTEND", entry.span.end)
    event.add("SUMMARY", Text(entry.summary))
    event.add("DESCRIPTION", Text(entry.description))
    event.add("LOCATION", Text(entry.location))
    event.add("CATEGORIES", _categories(entry))
    event.add("URL", entry.url)
    event.add("STATUS", "CANCELLED" if entry.cancelled else "CONFIRMED")
    event.add("TRANSP", "OPAQUE" if entry.keeps_busy else "TRANSPARENT")
    return event


def _categories(entry: Entry) -> vCategory:
    made = vCategory([])
    made.cats = [Text(name) for name in entry.categories]
    return made


def _utc() -> Timezone:
    standard = TimezoneStandard()
    standard.add("DTSTART", datetime(1970, 1, 1))  # noqa: DTZ001 — RFC 5545 wants it without a zone
    standard.add("TZOFFSETFROM", timedelta())
    standard.add("TZOFFSETTO", timedelta())
    zone = Timezone()
    zone.add("TZID", "UTC")
    zone.add_component(standard)
    return zone
