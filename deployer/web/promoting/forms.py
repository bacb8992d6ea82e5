"""What is typed to abort, promote and roll back."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from deployer.promotions.states import PromotionState
from deployer.releases.models import Deployment, Release
from deployer.web.calendar.freezes.forms import ReaderForm, reason_field
from deployer.web.calendar.slots.reader import Reader


class AbortForm(ReaderForm):
    """`seen` is the state in which the page showed it."""

    reason = reason_field("Say why it is to be aborted")
    seen = forms.CharField(required=False)

    def clean_seen(self) -> PromotionState | None:
        seen = self.cleaned_data["seen"]
        return PromotionState(seen) if seen in PromotionState.values else None


class PromoteForm(ReaderForm):
    """A reason is welcome and not needed: what is promoted was to be promoted."""

    reason = reason_field()


class RollBackForm(ReaderForm):
    """`to` is a version out of `choices`; the last that was verified is chosen already. `seen` is the version that the
    page showed as the one to be left."""

    reason = reason_field("Say why it is to be rolled back")
    to = forms.ChoiceField(
        error_messages={
            "required": "Choose the release to go back to",
            "invalid_choice": "Choose another release: %(value)s can't be gone back to any more",
        }
    )
    seen = forms.CharField(required=False)
    field_order = ("to", "reason", "seen")

    def __init__(self, data: QueryDict | None = None, *, reader: Reader, choices: Sequence[Deployment]) -> None:
        self.choices = choices
        super().__init__(data, reader=reader, initial={"to": choices[0].release.version if choices else ""})
        field = self.fields["to"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(one.release.version, one.release.version) for one in choices]

    @property
    def release(self) -> Release:
        """Only when valid."""
        return next(one.release for one in self.choices if one.release.version == self.cleaned_data["to"])
