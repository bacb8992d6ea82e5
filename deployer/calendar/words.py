"""Times as events, messages and refusals say them: by the wall clock of a named zone, since nobody reads UTC."""

from datetime import datetime

from deployer.calendar.spans import Span
from deployer.calendar.walltime import zone_named

SIMPLE_RULES = {
    "FREQ=DAILY": "every day",
    "FREQ=WEEKLY": "every week",
    "FREQ=MONTHLY": "every month",
    "FREQ=YEARLY": "every year",
}


def moment(at: datetime, zone: str) -> str:
    """Such as "Tuesday 3 March 2026 at 10:00 GMT"."""
    local = at.astimezone(zone_named(zone))
    return f"{local:%A} {local.day} {local:%B %Y at %H:%M %Z}"


def stretch(span: Span, zone: str) -> str:
    """Such as "Tuesday 3 March 2026, 10:00 to 10:30 GMT"; both days where it ends on another."""
    start, end = (at.astimezone(zone_named(zone)) for at in span)
    if start.date() == end.date() and start.tzname() == end.tzname():
        return f"{start:%A} {start.day} {start:%B %Y, %H:%M} to {end:%H:%M %Z}"
    return f"{moment(span.start, zone)} to {moment(span.end, zone)}"


def recurring(rule: str) -> str:
    """How often an RFC 5545 rule recurs: such as "every week"; by the rule itself where that says it best."""
    return SIMPLE_RULES.get(rule.upper(), f"by the rule {rule}")
