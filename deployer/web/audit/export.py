"""Events as CSV, a part at a time: as much of it as there is, or as one file may hold, in bounded memory."""

import csv
import json
from collections.abc import Iterable, Iterator
from datetime import UTC
from typing import Any

from django.conf import settings

from deployer.audit.models import Event
from deployer.calendar.walltime import zone_named
from deployer.web.audit.kinds import words_of
from deployer.web.audit.showing import without_secrets

MOST_ROWS = 250_000
COLUMNS = (
    "id",
    "at_utc",
    "at_local",
    "time_zone",
    "kind",
    "what",
    "sentence",
    "reason",
    "actor_kind",
    "actor_ref",
    "actor",
    "application",
    "environment",
    "release_id",
    "promotion_id",
    "subject",
    "url",
    "data",
)
_BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "|", "%")
_TOGETHER = 200


class _Echo:
    """What csv writes to: it hands back each line."""

    def write(self, line: str) -> str:
        return line


def csv_of(events: Iterable[Event], *, zone: str, goes_on: str) -> Iterator[str]:
    """The lines, some at a time. After the most that one file holds, the last line says so: the rest is at the address
    `goes_on` with `before=` the last id."""
    writer = csv.writer(_Echo())
    yield "\ufeff" + writer.writerow(COLUMNS)
    lines: list[str] = []
    last = 0
    for number, event in enumerate(events):
        if number == MOST_ROWS:
            says = f"There is more: one file holds {MOST_ROWS} events. The rest: {goes_on}before={last}"
            lines.append(writer.writerow([says]))
            break
        lines.append(writer.writerow([_safe(value) for value in _values(event, zone)]))
        last = event.pk
        if len(lines) >= _TOGETHER:
            yield "".join(lines)
            lines = []
    yield "".join(lines)


def _values(event: Event, zone: str) -> list[Any]:
    return [
        event.pk,
        event.at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        event.at.astimezone(zone_named(zone)).isoformat(timespec="seconds"),
        zone,
        event.kind,
        words_of(event.kind),
        event.sentence,
        event.reason,
        event.actor_kind,
        event.actor_ref,
        event.actor_label,
        event.application,
        event.environment,
        event.release_id,
        event.promotion_id,
        event.subject,
        f"{settings.BASE_URL}/promotions/{event.promotion_id}/" if event.promotion_id is not None else "",
        json.dumps(without_secrets(event.data), ensure_ascii=False, sort_keys=True) if event.data else "",
    ]


def _safe(value: Any) -> Any:
    """So that no spreadsheet takes what somebody wrote for a formula, whatever blanks stand before it."""
    if not isinstance(value, str):
        return value
    text = value.replace("\0", "")
    return f"'{text}" if text.lstrip(" \u00a0\ufeff").startswith(_BEGINS_A_FORMULA) else text
