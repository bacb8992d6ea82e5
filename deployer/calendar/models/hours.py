"""When an environment takes deploys, and what its slots are like."""

from datetime import time, timedelta

import holidays
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from apps_registry.models import Environment
from deployer.access.models.user import check_time_zone
from deployer.calendar.booking import Limits
from deployer.calendar.hours import DAYS

LONGEST_SLOT_MINUTES = 24 * 60
WEEKDAYS = list(enumerate(DAYS))


def default_zone() -> str:
    return "Europe/London"


class EnvironmentCalendar(models.Model):
    """An environment's calendar. Without one it takes deploys at any time, and slots as GOV.UK's were.

    `holidays_country` and `holidays_subdivision` are codes of the holidays library; GB and ENG are England and Wales.
    """

    environment = models.OneToOneField(Environment, on_delete=models.CASCADE, related_name="calendar")
    zone = models.CharField(
        max_length=50,
        default=default_zone,
        validators=[check_time_zone],
        help_text="The IANA time zone in which the hours are meant, such as Europe/London.",
    )
    holidays_country = models.CharField(
        max_length=3,
        blank=True,
        default="GB",
        help_text="Closed on this country's public holidays, such as GB; empty for none.",
    )
    holidays_subdivision = models.CharField(
        max_length=10, blank=True, default="ENG", help_text="Such as ENG, which is England and Wales."
    )
    promotion_minutes = models.PositiveSmallIntegerField(
        default=30,
        validators=[MaxValueValidator(LONGEST_SLOT_MINUTES)],
        help_text="How long a promotion takes here at most: none starts later than this before closing.",
    )
    slot_minutes = models.PositiveSmallIntegerField(
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SLOT_MINUTES)],
        help_text="How long a slot is unless its booker says otherwise.",
    )
    longest_slot_minutes = models.PositiveSmallIntegerField(
        default=60,
        validators=[MinValueValidator(1), MaxValueValidator(LONGEST_SLOT_MINUTES)],
        help_text="How long a slot may be.",
    )
    book_ahead_days = models.PositiveSmallIntegerField(
        default=90, validators=[MinValueValidator(1), MaxValueValidator(400)], help_text="How far ahead one may book."
    )

    class Meta:
        verbose_name = "environment's calendar"
        verbose_name_plural = "environments' calendars"
        ordering = ["environment__position"]
        constraints = [
            models.CheckConstraint(
                condition=Q(slot_minutes__gte=1, longest_slot_minutes__gte=F("slot_minutes")),
                name="slot_lengths_make_sense",
                violation_error_message="The longest slot can't be shorter than the usual one.",
            ),
            models.CheckConstraint(
                condition=Q(
                    longest_slot_minutes__lte=LONGEST_SLOT_MINUTES, promotion_minutes__lte=LONGEST_SLOT_MINUTES
                ),
                name="slots_are_at_most_a_day",
            ),
            models.CheckConstraint(condition=Q(book_ahead_days__gte=1), name="booking_ahead_is_possible"),
        ]

    def __str__(self) -> str:
        return f"calendar of {self.environment}"

    @property
    def limits(self) -> Limits:
        return Limits(
            length=timedelta(minutes=self.slot_minutes),
            longest=timedelta(minutes=self.longest_slot_minutes),
            ahead=timedelta(days=self.book_ahead_days),
        )

    @property
    def lasts(self) -> timedelta:
        return timedelta(minutes=self.promotion_minutes)

    def clean(self) -> None:
        """Raises ValidationError for a country or subdivision that the holidays library does not know."""
        self.holidays_country = self.holidays_country.upper()
        if not self.holidays_country:
            self.holidays_subdivision = ""
            return
        try:
            holidays.country_holidays(self.holidays_country, subdiv=self.holidays_subdivision or None, years=2026)
        except NotImplementedError as error:
            raise ValidationError(self._unknown_holidays()) from error

    def _unknown_holidays(self) -> dict[str, str]:
        """What is not known, and what to write instead."""
        country, part = self.holidays_country, self.holidays_subdivision
        known = holidays.list_supported_countries()
        if country not in known:
            return {
                "holidays_country": f"The holidays of {country!r} are not known: use a code of ISO 3166 such as GB, "
                "or leave it empty for none."
            }
        names = f"one of {', '.join(known[country])}, or leave it empty" if known[country] else "leave it empty"
        return {"holidays_subdivision": f"The holidays of {part!r} in {country} are not known: {names}."}


class OpenHours(models.Model):
    """Weekly hours, by the wall clock of the calendar's zone; to the next day when `closes` is not after `opens`."""

    calendar = models.ForeignKey(EnvironmentCalendar, on_delete=models.CASCADE, related_name="open_hours")
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS)
    opens = models.TimeField(default=time(9, 30))
    closes = models.TimeField(default=time(17), help_text="The next day's when it is not later than the opening.")

    class Meta:
        verbose_name = "open hours"
        verbose_name_plural = "open hours"
        ordering = ["weekday", "opens"]
        constraints = [
            models.UniqueConstraint(fields=["calendar", "weekday", "opens"], name="one_opening_at_a_time"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="weekday_is_one"),
        ]

    def __str__(self) -> str:
        return f"{DAYS[self.weekday]} {self.opens:%H:%M} to {self.closes:%H:%M}"


class ClosedDay(models.Model):
    """An own closing day, in one environment or in all, by the date that their calendars show."""

    environment = models.ForeignKey(Environment, on_delete=models.CASCADE, null=True, blank=True)
    day = models.DateField()
    name = models.CharField(max_length=100, help_text="Such as the Budget.")

    class Meta:
        ordering = ["day"]
        constraints = [
            models.UniqueConstraint(fields=["environment", "day"], name="one_closed_day_a_date"),
            models.UniqueConstraint(
                fields=["day"], condition=Q(environment=None), name="one_closed_day_a_date_everywhere"
            ),
            models.CheckConstraint(condition=~Q(name=""), name="closed_day_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} on {self.day:%-d %B %Y}"
