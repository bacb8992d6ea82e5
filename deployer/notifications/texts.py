"""What is written to people and to programs: mail in text and HTML, and the JSON of webhooks."""

import re
import zoneinfo
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string

from deployer.access.models import User
from deployer.audit.models import Event
from deployer.integrations.text import one_line

SUBJECT_LENGTH = 200
PRIVATE = frozenset({"people", "authors"})
"""Of an event's data, what no program is told: ids of accounts, and addresses."""

_ADDRESS = re.compile(r"(?P<label>.*?):?\s*(?P<url>https?://\S+)\s*", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Told:
    """An event, why its receiver is told of it, and whether at once."""

    event: Event
    why: str
    urgent: bool = False


@dataclass(frozen=True, slots=True)
class Way:
    """A way out: what it is, and its page or its command, or both."""

    label: str
    url: str = ""
    command: str = ""

    def __str__(self) -> str:
        return ": ".join(part for part in (self.label, self.url or self.command) if part)


@dataclass(frozen=True, slots=True, kw_only=True)
class Mail:
    subject: str
    text: str
    html: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One event in a mail, as it is read; `at` names its zone."""

    sentence: str
    at: str
    reason: str
    seen: str
    live: str
    environment: str
    ways: Sequence[Way]
    url: str
    urgent: bool


def mail_of(told: Sequence[Told], *, zone: str) -> Mail:
    """One mail about one or several events, in their order; its times are by the clocks of the zone.

    Of several, only what is urgent is told with its evidence and its ways out.
    """
    sections = [_section(one, zone, whole=one.urgent or len(told) == 1) for one in told]
    whys = list(dict.fromkeys(one.why for one in told))
    subject, told_url = subject_of(told), f"{settings.BASE_URL}/told/"
    context = {
        "site": settings.SITE_NAME,
        "subject": subject,
        "sections": sections,
        "whys": whys,
        "told_url": told_url,
    }
    html = render_to_string("notifications/mail.html", context)
    return Mail(subject=subject, text=_text(sections, whys, told_url), html=html)


def text_of(told: Told, *, zone: str) -> str:
    """All that is told of one event, without why."""
    return "\n\n".join(_parts(_section(told, zone, whole=True)))


def subject_of(told: Sequence[Told]) -> str:
    """The sentence of the last that is urgent, else of the last, and how many others there are."""
    lead = ([one for one in told if one.urgent] or list(told))[-1]
    rest = f" (and {len(told) - 1} more)" if len(told) > 1 else ""
    return one_line(lead.event.sentence, SUBJECT_LENGTH - len(rest)) + rest


def zone_of(address: str) -> str:
    """The zone in which times are written to this e-mail address: a person's own, else Deployer's."""
    person = User.objects.filter(email__iexact=address, is_active=True).order_by("pk").first()
    return person.time_zone if person else settings.TIME_ZONE


def ways_of(event: Event) -> list[Way]:
    """The ways out that the event names: commands, pages, or both."""
    return [_way(value) for value in event.data.get("ways_out") or ()]


def moment(at: datetime, zone: str) -> str:
    """Such as "3 March 2026 at 12:00:05 GMT (Europe/London)"."""
    local = at.astimezone(zoneinfo.ZoneInfo(zone))
    return f"{local.day} {local:%B %Y at %H:%M:%S %Z} ({zone})"


def payload_of(event: Event, key: str) -> dict[str, Any]:
    """What a webhook is told of an event; docs/notifications.md is its contract. `key` names the message."""
    data = {name: value for name, value in event.data.items() if name not in PRIVATE | {"url"}}
    data["authors"] = [author.get("name", "") for author in event.data.get("authors", ())]
    return {
        "id": key,
        "kind": event.kind,
        "at": event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "application": event.application,
        "environment": event.environment,
        "sentence": event.sentence,
        "reason": event.reason,
        "actor": {"kind": event.actor_kind, "name": event.actor_label},
        "promotion": event.promotion_id,
        "release": event.release_id,
        "url": event.data.get("url", ""),
        "data": data,
    }


def thread_of(events: Iterable[Event]) -> str:
    """What mail about these is grouped by: their promotion; empty where they are of several, or of none."""
    promotions = {event.promotion_id for event in events}
    return f"promotion-{promotions.pop()}" if len(promotions) == 1 and None not in promotions else ""


def topic_of(events: Iterable[Event]) -> str:
    """The application that all of these are about; empty where they are about several."""
    applications = {event.application for event in events}
    return applications.pop() if len(applications) == 1 else ""


def _section(told: Told, zone: str, *, whole: bool) -> Section:
    event, data = told.event, told.event.data if whole else {}
    return Section(
        sentence=event.sentence,
        at=moment(event.at, zone),
        reason=event.reason if whole and event.reason not in event.sentence else "",
        seen="\n".join(str(line) for line in data.get("evidence") or ()),
        live=str(data.get("live") or ""),
        environment=event.environment,
        ways=ways_of(event) if whole else (),
        url=str(event.data.get("url") or ""),
        urgent=told.urgent,
    )


def _way(value: object) -> Way:
    if isinstance(value, Mapping):
        return Way(str(value.get("label", "")), str(value.get("url") or ""), str(value.get("command") or ""))
    found = _ADDRESS.fullmatch(str(value))
    return Way(found["label"] or "Open", url=found["url"]) if found else Way("", command=str(value))


def _text(sections: Sequence[Section], whys: Sequence[str], told_url: str) -> str:
    parts = ["\n\n".join(_parts(section)) for section in sections]
    end = [f"You are told because {why}" for why in whys]
    return "\n\n--\n\n".join([*parts, "\n".join([*end, f"What you were told and why: {told_url}"])]) + "\n"


def _parts(section: Section) -> list[str]:
    parts = [section.sentence, section.at]
    if section.reason:
        parts.append(f"Reason: {section.reason}")
    if section.seen:
        parts.append("\n".join(["What was seen last:", *(f"  {line}" for line in section.seen.splitlines())]))
    if section.live:
        parts.append(f"Live in {section.environment}: {section.live}")
    if section.ways:
        parts.append("\n".join(["The ways out:", *(f"  {way}" for way in section.ways)]))
    return [*parts, section.url] if section.url else parts
