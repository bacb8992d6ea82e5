"""What is typed to override a blocker, of a promotion or a slot."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError

from apps_registry.rights import Rights
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.forms import ClockField, DayField, text_field
from deployer.calendar.models.override import REASON_LENGTH
from deployer.calendar.recurrence import wall_time
from deployer.calendar.spans import Span
from deployer.calendar.walltime import end_instant, zone_named
from deployer.gates import Blocker

ONLY_MANAGERS = "Only a release manager, as a person, can override what blocks."


def may_override(rights: Rights) -> bool:
    return rights.manages and rights.actor.is_person


class OverrideForm(forms.Form):
    """One of the blockers that can be overridden, why, and until when by the wall clock of the zone.

    It must end after `within.start` and by `within.end`, which `ends` says in words. `expires_at` is what it shows at
    first; what isn't typed anew is exactly that.
    """

    blocker = forms.ChoiceField(
        error_messages={
            "required": "Choose what is to be overridden",
            "invalid_choice": "Choose what is to be overridden: what was chosen is not in its way any more",
        }
    )
    reason = text_field("The reason", 5000, widget=forms.Textarea)
    date = DayField(missing="Enter the day on which the override ends")
    time = ClockField(missing="Enter the time at which the override ends")

    def __init__(
        self,
        data: Mapping[str, Any] | None = None,
        *,
        blockers: Sequence[Blocker],
        zone: str,
        expires_at: datetime,
        within: Span,
        ends: str,
    ) -> None:
        self.choices = [blocker for blocker in blockers if blocker.overridable]
        self.fixed = [blocker for blocker in blockers if not blocker.overridable]
        self.zone, self.expires_at, self.within, self.ends = zone, expires_at, within, ends
        self.shown = wall_time(expires_at, zone).replace(second=0, microsecond=0)
        initial = {"date": self.shown.date().isoformat(), "time": f"{self.shown:%H:%M}"}
        if len(self.choices) == 1:
            initial["blocker"] = self.choices[0].name
        super().__init__(data, initial=initial)
        field = self.fields["blocker"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(blocker.name, blocker.sentence) for blocker in self.choices]

    def clean_reason(self) -> str:
        reason = str(self.cleaned_data["reason"]).strip()
        if len(reason) < REASON_LENGTH:
            raise ValidationError(f"Say why it may be overridden, in at least {REASON_LENGTH} characters")
        return reason

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        day, wall = cleaned.get("date"), cleaned.get("time")
        if day is None or wall is None:
            return cleaned
        cleaned["expires_at"] = self.expires_at
        if datetime.combine(day, wall) != self.shown:
            cleaned["expires_at"] = end_instant(day, wall, zone_named(self.zone))
        if not self.within.start < cleaned["expires_at"] <= self.within.end:
            self.add_error("time", f"The override must end {self.ends}")
        return cleaned

    def override(self) -> NewOverride:
        """Only when valid."""
        cleaned = self.cleaned_data
        return NewOverride(blocker=cleaned["blocker"], reason=cleaned["reason"], expires_at=cleaned["expires_at"])
