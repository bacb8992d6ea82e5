"""What is typed to pin, to veto, and to end either."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from deployer.releases.models import Release
from deployer.web.calendar.freezes.forms import ReaderForm, reason_field
from deployer.web.calendar.slots.reader import Reader


class WhyForm(ReaderForm):
    reason = reason_field("Say why")

    @property
    def words(self) -> str:
        """Only when valid."""
        return str(self.cleaned_data["reason"])


class PinForm(WhyForm):
    """`version` is one out of `choices`, of which the first is chosen already."""

    version = forms.ChoiceField(
        error_messages={
            "required": "Choose the release to stay on",
            "invalid_choice": "Choose one of these releases: there is no %(value)s among them",
        }
    )
    field_order = ("version", "reason")

    def __init__(self, data: QueryDict | None = None, *, reader: Reader, choices: Sequence[Release]) -> None:
        self.choices = choices
        super().__init__(data, reader=reader, initial={"version": choices[0].version if choices else ""})
        field = self.fields["version"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(one.version, one.version) for one in choices]

    @property
    def release(self) -> Release:
        """Only when valid."""
        return next(one for one in self.choices if one.version == self.cleaned_data["version"])
