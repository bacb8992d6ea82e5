"""Days and times as people type them: shown by the browser's own fields, and read in any usual way of writing."""

import re
from datetime import UTC, date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from deployer.calendar.walltime import start_instant, zone_named

DAY_FORMATS = ("%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y", "%d-%m-%Y", "%d %B %Y", "%d %b %Y")
CLOCK_FORMATS = ("%H:%M", "%H:%M:%S", "%H.%M", "%H%M", "%I:%M%p", "%I.%M%p", "%I%p")
YEARS = (2000, 2199)
"""Years outside of these are a slip."""


class TypedBoundField(forms.BoundField):
    """What the browser's own field for days or times would drop, because it can't read it, is shown as text."""

    def read(self) -> str | None:
        """The value as that field writes it; None when nothing can be made of it."""
        try:
            parsed = self.field.to_python(super().value())
        except ValidationError:
            return None
        if isinstance(parsed, time):
            return f"{parsed:%H:%M}" if parsed.second == 0 else f"{parsed:%H:%M:%S}"
        return parsed.isoformat() if isinstance(parsed, date) else ""

    def value(self) -> Any:
        read = self.read()
        return super().value() if read is None else read

    @property
    def input_type(self) -> str:
        return "text" if self.read() is None else str(getattr(self.field, "input_type", "text"))


class DayField(forms.DateField):
    """A day; the value is a date."""

    input_type = "date"

    def __init__(self, *, missing: str, **kwargs: Any) -> None:
        messages = {"required": missing, "invalid": "Enter a day that exists, such as 3/3/2026 or 3 March 2026"}
        super().__init__(input_formats=DAY_FORMATS, error_messages=messages, **kwargs)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> TypedBoundField:
        return TypedBoundField(form, self, field_name)

    def validate(self, value: Any) -> None:
        super().validate(value)
        if value is not None and not YEARS[0] <= value.year <= YEARS[1]:
            raise ValidationError(f"Enter a year from {YEARS[0]} to {YEARS[1]}")


class ClockField(forms.TimeField):
    """A time of the wall clock; the value is a time."""

    input_type = "time"

    def __init__(self, *, missing: str = "", **kwargs: Any) -> None:
        messages = {"required": missing, "invalid": "Enter a time of the day, such as 14:30"}
        super().__init__(input_formats=CLOCK_FORMATS, error_messages=messages, **kwargs)

    def get_bound_field(self, form: forms.BaseForm, field_name: str) -> TypedBoundField:
        return TypedBoundField(form, self, field_name)

    def to_python(self, value: Any) -> time | None:
        return super().to_python("".join(value.split()) if isinstance(value, str) else value)


class WordsField(forms.CharField):
    """Text of several lines, which browsers end in a way of their own."""

    widget = forms.Textarea

    def clean(self, value: Any) -> str:
        return str(super().clean(value)).replace("\r\n", "\n")


def text_field(what: str, most: int, **kwargs: Any) -> forms.CharField:
    """Text of at most so many characters, or none; `what` names it in errors."""
    return forms.CharField(required=False, max_length=most, error_messages=_messages(what, most), **kwargs)


def words_field(what: str, most: int, *, missing: str = "") -> WordsField:
    """The same, of several lines; `missing` is the error where there must be some."""
    messages = _messages(what, most) | ({"required": missing} if missing else {})
    return WordsField(required=bool(missing), max_length=most, error_messages=messages)


def _messages(what: str, most: int) -> dict[str, str]:
    return {
        "max_length": f"{what} must be at most {most} characters long",
        "null_characters_not_allowed": f"{what} must not have control characters: type it again",
    }


def read_instant(text: str, zone: str) -> datetime | None:
    """An ISO 8601 time as addresses and hidden fields carry it, UTC; without an offset it is one of the zone's clock.

    None for anything else. A plus sign that an address has turned into a space counts as one.
    """
    try:
        found = datetime.fromisoformat(re.sub(r"(T\S+) (\d\d:?\d\d)$", r"\1+\2", text.strip()))
    except ValueError:
        return None
    if not YEARS[0] < found.year < YEARS[1]:
        return None
    return found.astimezone(UTC) if found.tzinfo else start_instant(found.date(), found.time(), zone_named(zone))
