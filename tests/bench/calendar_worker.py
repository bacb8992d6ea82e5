"""Holds one database with so many slots, and measures in it what it is told to: a line in, milliseconds out.

A week has `A_WEEK` slots whatever their number: more slots are more weeks of the past. The newest week is the next one,
which is what is shown and booked in.
"""

import sys
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta

import django
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone

A_WEEK = 500
ENVIRONMENTS = ("integration", "staging", "production")
APPLICATIONS = 60
A_DAY = 34
"""Slots a weekday in each environment, one each quarter of an hour from 09:00 on, beside each other as it takes two."""
BATCH = 10_000


def seed(slots: int) -> date:
    """So many slots; returns the Monday of the newest week. Those of weeks that are over have finished."""
    # Models can be imported only after Django is set up.
    from apps_registry.models import Application, Environment, Target, Team  # noqa: PLC0415
    from deployer.access.models import User  # noqa: PLC0415
    from deployer.calendar.models import EnvironmentCalendar, OpenHours  # noqa: PLC0415

    User.objects.create(username="bench", role="release_manager")
    team = Team.objects.create(slug="bench", name="Bench", email="bench@example.org")
    for position, slug in enumerate(ENVIRONMENTS, start=1):
        environment = Environment.objects.create(slug=slug, name=slug.title(), position=position, capacity=2)
        calendar = EnvironmentCalendar.objects.create(environment=environment)
        for weekday in range(5):
            OpenHours.objects.create(calendar=calendar, weekday=weekday)
    for number in range(APPLICATIONS):
        application = Application.objects.create(slug=f"app-{number:02}", name=f"App {number}", owner=team)
        for environment in Environment.objects.all():
            Target.objects.create(application=application, environment=environment)
    today = timezone.now().date()
    monday = today - timedelta(days=today.weekday()) + timedelta(weeks=1)
    _add_slots(slots, monday)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    return monday


def _add_slots(number: int, monday: date) -> None:
    """From the newest week backwards, week by week."""
    from apps_registry.models import Application, Environment  # noqa: PLC0415
    from deployer.calendar.models import Slot, SlotApplication  # noqa: PLC0415

    environments = list(Environment.objects.all())
    applications = list(Application.objects.values_list("pk", flat=True))
    now = timezone.now()
    slots: list[Slot] = []
    bookings: list[SlotApplication] = []
    for index in range(number):
        week, place = divmod(index, A_WEEK)
        lane, rest = divmod(place, -(-A_WEEK // len(ENVIRONMENTS)))
        weekday, turn = divmod(rest, A_DAY)
        day = monday - timedelta(weeks=week) + timedelta(days=weekday)
        start = datetime(day.year, day.month, day.day, 9, tzinfo=UTC) + turn * timedelta(minutes=15)
        over = start + timedelta(minutes=30) <= now
        slot = Slot(
            pk=index + 1,
            environment=environments[lane],
            starts_at=start,
            ends_at=start + timedelta(minutes=30),
            state="finished" if over else "booked",
            due_at=None if over else start,
            booked_by="Bench",
        )
        slots.append(slot)
        bookings.append(SlotApplication(slot=slot, application_id=applications[turn % len(applications)]))
        if len(slots) == BATCH or index == number - 1:
            Slot.objects.bulk_create(slots)
            SlotApplication.objects.bulk_create(bookings)
            slots, bookings = [], []


def measures(monday: date) -> dict[str, Callable[[], object]]:
    """What is measured, by name."""
    from apps_registry.models import Application, Environment  # noqa: PLC0415
    from apps_registry.rights import rights_of_user  # noqa: PLC0415
    from deployer.access.models import User  # noqa: PLC0415
    from deployer.calendar.actions.slots import NewSlot, SlotRefusedError, book  # noqa: PLC0415
    from deployer.calendar.booking import booking_blockers  # noqa: PLC0415
    from deployer.calendar.facts import Wanted, booking_facts  # noqa: PLC0415
    from deployer.calendar.spans import Span  # noqa: PLC0415
    from deployer.web.calendar.reading import Filters, read_calendar  # noqa: PLC0415

    user = User.objects.get()
    rights = rights_of_user(user)
    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(user)
    start = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
    at = start + timedelta(days=2, hours=11)
    span = Span(at, at + timedelta(minutes=30))
    application = Application.objects.select_related("owner").get(slug=f"app-{APPLICATIONS - 1}")
    production = Environment.objects.get(slug="production")
    wanted = Wanted(environment=production, applications=[application], span=span)
    new = NewSlot(environment=production, applications=[application], starts_at=span.start, ends_at=span.end)

    def week_page() -> None:
        if client.get("/calendar/", {"view": "week", "date": monday.isoformat()}).status_code != 200:
            raise RuntimeError("The calendar's page does not answer.")

    def check() -> None:
        now = timezone.now()
        if not booking_blockers(booking_facts(wanted, rights, now), now):
            raise RuntimeError("The time that is asked for should be full.")

    def refused() -> None:
        with suppress(SlotRefusedError):
            book(new=new, rights=rights)
            raise RuntimeError("The booking should be refused.")

    return {
        "week: page": week_page,
        "week: data": lambda: read_calendar(start, start + timedelta(days=7), Filters(), rights, timezone.now()),
        "booking: check": check,
        "booking: refused, with the next free slot": refused,
    }


def main() -> None:
    """Prints "ready", then for each line that names a measure its milliseconds."""
    django.setup()
    call_command("migrate", verbosity=0)
    known = measures(seed(int(sys.argv[1])))
    for measure in known.values():
        measure()
    print("ready", flush=True)
    for line in sys.stdin:
        begun = time.perf_counter()
        known[line.strip()]()
        print((time.perf_counter() - begun) * 1000, flush=True)


if __name__ == "__main__":
    main()
