"""What the forms of slots share."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.slots import SlotRefusedError
from deployer.calendar.forms import ClockField, text_field, words_field
from deployer.calendar.models.override import IN_WORDS, REASON_LENGTH
from deployer.calendar.recurrence import wall_time
from deployer.calendar.spans import Span
from deployer.calendar.walltime import local_day, zone_named
from deployer.gates import Blocker
from deployer.releases.models import Release
from deployer.web.calendar.slots.reader import Reader
from deployer.web.calendar.slots.refusals import Problem, Refusal, is_of_applications, is_of_length, refusal
from deployer.web.calendar.slots.rows import Row
from deployer.web.calendar.slots.times import WhenForm, end_after

NOTES_LENGTH = 5000
PLACEHOLDERS = frozenset({"applications", "overrides"})
"""Fields that stand for several: they make the form invalid, and each of theirs says why."""


class SlotForm(WhenForm):
    """A slot as it is typed, to book one or to change one."""

    exclusive = forms.BooleanField(required=False)
    watched_by = text_field("The name of who will watch it", 150)
    notes = words_field("The notes", NOTES_LENGTH)

    reader: Reader
    rows: list[Row]
    refusal: Refusal | None = None
    refused = ""
    """What an action said when it refused."""

    @property
    def releases(self) -> Mapping[int, Release]:
        return {row.application.pk: row.release for row in self.rows if row.application and row.release}

    @property
    def problems(self) -> Sequence[Problem]:
        """What is to be mended, in the order of the page."""
        found = [Problem(sentence=self.refused)] if self.refused else []
        for number, row in enumerate(self.rows):
            found += _problems_of(number, row)
        for name in self.fields:
            if name not in PLACEHOLDERS:
                found += [Problem(sentence=str(one), field=f"id_{name}") for one in self[name].errors]
        return [*found, *(self.refusal.problems if self.refusal else ())]

    def refuse(self, error: SlotRefusedError) -> None:
        """Show why this slot can't be had."""
        self.refusal = refusal(error, self.field_of)
        for at, row in enumerate(self.rows):
            row.refused = [one.sentence for one in self.refusal.problems if one.field == f"id_application_{at}"]

    @property
    def is_time_refused(self) -> bool:
        """Whether another time might do."""
        fields = {problem.field for problem in self.refusal.problems} if self.refusal else set()
        return bool(fields & {"id_date", "id_end", "id_length"})

    def field_of(self, blocker: Blocker) -> str:
        """The id of the field in which this is to be mended."""
        if is_of_applications(blocker):
            slugs = blocker.ref.split("+")
            return f"id_application_{next((at for at, row in enumerate(self.rows) if row.slug in slugs), 0)}"
        if is_of_length(blocker):
            return "id_length" if "length" in self.fields else "id_end"
        return "id_date" if "date" in self.fields else "id_end"


def _problems_of(number: int, row: Row) -> list[Problem]:
    errors = ((row.slug_error, "application"), (row.version_error, "version"))
    return [Problem(sentence=error, field=f"id_{name}_{number}") for error, name in errors if error]


class OverrideFields(forms.Form):
    """A release manager's leave to pass one blocker of a slot that is being booked; bound when they want it."""

    reason = text_field("The reason", NOTES_LENGTH, widget=forms.Textarea)
    until = ClockField(missing="Enter until when the override counts")

    def __init__(self, *, blocker: Blocker, span: Span, zone: str, data: Mapping[str, Any] | None = None) -> None:
        initial = {"until": f"{wall_time(span.end, zone):%H:%M}"}
        super().__init__(data, prefix=f"override-{blocker.name.replace(':', '-')}", initial=initial)
        self.blocker, self.span, self.zone = blocker, span, zone

    @property
    def problems(self) -> Sequence[Problem]:
        return [
            Problem(sentence=str(one), field=self[name].id_for_label)
            for name in self.fields
            for one in self[name].errors
        ]

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"]).strip()
        if len(reason) < REASON_LENGTH:
            what = IN_WORDS.get(self.blocker.kind, "it")
            raise ValidationError(f"Say why {what} may be passed, in at least {REASON_LENGTH} characters")
        return reason

    def clean_until(self) -> datetime:
        """The UTC instant at which it ends, within the slot."""
        wall, (start, end) = self.cleaned_data["until"], self.span
        if wall == wall_time(end, self.zone).time().replace(second=0, microsecond=0):
            return end
        try:
            found = end_after(start, local_day(start, zone_named(self.zone)), wall, self.zone, longest=end - start)
        except ValidationError:
            found = None
        if found is None or found > end:
            first, last = (wall_time(at, self.zone) for at in self.span)
            raise ValidationError(f"An override of a slot ends within it: after {first:%H:%M}, by {last:%H:%M}")
        return found

    def override(self) -> NewOverride:
        cleaned = self.cleaned_data
        return NewOverride(blocker=self.blocker.name, reason=cleaned["reason"], expires_at=cleaned["until"])
