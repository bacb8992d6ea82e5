"""The forms by which slots are changed and cancelled."""

import re
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from deployer.calendar.actions.slots import SlotChange, change
from deployer.calendar.closing import calendar_of
from deployer.calendar.forms import text_field
from deployer.calendar.models import Slot
from deployer.calendar.spans import Span
from deployer.calendar.states import SlotState
from deployer.calendar.walltime import local_day, zone_named
from deployer.web.calendar.slots.forms import SlotForm
from deployer.web.calendar.slots.reader import Reader
from deployer.web.calendar.slots.rows import Row, check_version, look_up_releases
from deployer.web.calendar.slots.times import clock_note, end_after, filled_in, typed_end, typed_start

UNKNOWN_SEQUENCE = -1
"""No slot has it: a form without a number that can be read is refused as one that is out of date."""


class ChangeForm(SlotForm):
    """A slot as it is to become. Of one that is under way the end can be changed, and who watches it and the notes.

    `version` is repeated, in the order of the slot's applications.
    """

    applications = forms.Field(required=False)
    sequence = forms.Field(required=False, widget=forms.HiddenInput)
    field_order = ["date", "start", "end", "exclusive", "watched_by", "notes"]

    def __init__(
        self,
        *,
        slot: Slot,
        reader: Reader,
        data: QueryDict | None = None,
        span: Span | None = None,
    ) -> None:
        """Unbound it shows the slot as it is, or at another time, `span`."""
        super().__init__(data, initial=_initial(slot, span or slot.span, reader.zone))
        self.slot, self.reader = slot, reader
        self.begun = slot.state == SlotState.OPEN
        self.rows = _rows(slot, data.getlist("version") if data is not None else None)
        self.span: Span | None = None
        self.is_stale = False
        if self.begun:
            for name in ("date", "start", "exclusive"):
                del self.fields[name]
            self.rows = []
        self.fields["end"].required = True
        self.fields["end"].error_messages["required"] = "Enter the time at which it ends"

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        for row in self.rows:
            check_version(row)
        if any(row.version_error for row in self.rows):
            self.add_error("applications", "Some have no such release.")
        if not any(name in self.errors for name in ("date", "start", "end")):
            try:
                self.span = self._read_span(cleaned)
            except ValidationError as error:
                self.add_error("end", error)
        return cleaned

    def _read_span(self, cleaned: Mapping[str, Any]) -> Span:
        zone, longest = self.reader.zone, calendar_of(self.slot.environment).limits.longest
        if not self.begun:
            start = typed_start(cleaned, zone)
            return Span(start, typed_end(cleaned, start, zone, longest=longest))
        shown = filled_in(self.slot.span, zone)
        if f"{cleaned['end']:%H:%M}" == shown["end"]:
            return self.slot.span
        start = self.slot.starts_at
        return Span(start, end_after(start, local_day(start, zone_named(zone)), cleaned["end"], zone, longest=longest))

    def to(self) -> SlotChange:
        """The change. Only when valid."""
        if self.span is None:
            raise ValueError("It is not said yet when.")
        cleaned = self.cleaned_data
        return SlotChange(
            starts_at=self.span.start,
            ends_at=self.span.end,
            exclusive=self.slot.exclusive if self.begun else cleaned["exclusive"],
            notes=cleaned["notes"],
            watched_by=cleaned["watched_by"],
            releases=None if self.begun else self.releases,
            sequence=read_sequence(cleaned["sequence"]),
        )

    def change(self) -> Slot:
        """Raises as the action does."""
        return change(slot=self.slot, to=self.to(), rights=self.reader.rights, now=self.reader.now)

    def over(self, slot: Slot) -> "ChangeForm":
        """What was typed, to be saved over what somebody else has saved meanwhile."""
        data = QueryDict(mutable=True)
        data.update(self.data)
        data["sequence"] = str(slot.sequence)
        form = ChangeForm(slot=slot, reader=self.reader, data=data)
        form.is_stale = slot.sequence != self.to().sequence
        form.full_clean()
        return form

    def note(self) -> str:
        """What the clocks did to the typed start; empty on most days."""
        if self.begun or self.span is None:
            return ""
        return clock_note(self.cleaned_data["start"], self.span.start, self.reader.zone)


class CancelForm(forms.Form):
    """Why a slot is given back, or recurring ones end; it may be left out."""

    reason = text_field("The reason", 1000, widget=forms.Textarea)


def read_sequence(text: object) -> int:
    """The number that a form carries; UNKNOWN_SEQUENCE for anything else."""
    return int(str(text)) if re.fullmatch(r"[0-9]{1,9}", str(text)) else UNKNOWN_SEQUENCE


def longer(slot: Slot, by: timedelta, sequence: int) -> SlotChange:
    """The slot as it is, with a later end."""
    return SlotChange(
        starts_at=slot.starts_at,
        ends_at=slot.ends_at + by,
        exclusive=slot.exclusive,
        notes=slot.notes,
        watched_by=slot.watched_by,
        sequence=sequence,
    )


def _initial(slot: Slot, span: Span, zone: str) -> dict[str, Any]:
    return {
        **filled_in(span, zone),
        "exclusive": slot.exclusive,
        "watched_by": slot.watched_by,
        "notes": slot.notes,
        "sequence": slot.sequence,
    }


def _rows(slot: Slot, typed: Sequence[str] | None) -> list[Row]:
    """One for each of its applications, with the releases as they are or as they were typed."""
    bookings = list(slot.bookings.all())
    versions = [one.release.version if one.release else "" for one in bookings] if typed is None else [*typed]
    versions += [""] * (len(bookings) - len(versions))
    rows = [
        Row(slug=one.application.slug, version=version.strip(), application=one.application)
        for one, version in zip(bookings, versions, strict=False)
    ]
    look_up_releases(rows)
    return rows
