"""GOV.UK's hours, by London's clock."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import holidays

LONDON = ZoneInfo("Europe/London")
OPENS = time(9, 30)
CLOSES = (17, 17, 17, 17, 16)
"""The hour at which each weekday closes, from Monday on."""
_HOLIDAYS = holidays.country_holidays("GB", subdiv="ENG")


def is_working_day(local: datetime) -> bool:
    return local.weekday() < len(CLOSES) and local.date() not in _HOLIDAYS


def next_open(at: datetime, *, lasts: timedelta = timedelta(minutes=30)) -> datetime:
    """When production takes what is ready at this moment, with time to end before it closes. UTC."""
    local = at.astimezone(LONDON)
    while True:
        if is_working_day(local):
            opens = local.replace(hour=OPENS.hour, minute=OPENS.minute, second=0, microsecond=0)
            closes = local.replace(hour=CLOSES[local.weekday()], minute=0, second=0, microsecond=0)
            if max(local, opens) + lasts <= closes:
                return max(local, opens).astimezone(UTC)
        local = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


def last_session(now: datetime, *, hours: float = 4) -> datetime:
    """The opening of the newest working day of which so much was before now. UTC."""
    local = now.astimezone(LONDON)
    while True:
        opens = local.replace(hour=OPENS.hour, minute=OPENS.minute, second=0, microsecond=0)
        if is_working_day(opens) and now - opens >= timedelta(hours=hours):
            return opens.astimezone(UTC)
        local -= timedelta(days=1)
