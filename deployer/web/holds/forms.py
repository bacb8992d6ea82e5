"""What is typed to place a hold and to take one of the ways out of it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict

from apps_registry.models import Application, Environment
from deployer.calendar.forms import text_field
from deployer.promotions.actions.hold import LONGEST_CONTACT, NewHold
from deployer.releases.models import Deployment, Release
from deployer.web.calendar.freezes.forms import AT, LIFTED, EndForm, ReaderForm, reason_field
from deployer.web.calendar.slots.reader import Reader

EVERYWHERE = "Every environment"
RELEASES_OFFERED = 20


class WayForm(ReaderForm):
    """Why a way is taken, or what was done, as `reason`; where the way rolls back, `to` out of `choices`."""

    reason = reason_field("Say why")
    to = forms.ChoiceField(
        required=False,
        error_messages={"invalid_choice": "Choose another release: %(value)s can't be gone back to any more"},
    )

    def __init__(
        self,
        data: QueryDict | None = None,
        *,
        reader: Reader,
        missing: str = "Say why",
        choices: Sequence[Deployment] = (),
    ) -> None:
        self.choices = choices
        super().__init__(data, reader=reader, initial={"to": choices[0].release.version if choices else ""})
        self.fields["reason"].error_messages["required"] = missing
        if choices:
            self.fields["to"].choices = [(one.release.version, one.release.version) for one in choices]  # type: ignore[attr-defined]
        else:
            del self.fields["to"]

    @property
    def words(self) -> str:
        """Only when valid."""
        return str(self.cleaned_data["reason"])

    @property
    def release(self) -> Release | None:
        """Only when valid; None leaves it to the action."""
        to = self.cleaned_data.get("to")
        return next((one.release for one in self.choices if one.release.version == to), None)


class NewHoldForm(EndForm):
    """A hold of one application as it is typed, in one of its environments or in all."""

    environment = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": "There is no environment %(value)s: choose one of these"}
    )
    reason = reason_field("Enter the reason")
    contact = text_field("The contact", LONGEST_CONTACT)
    newest_safe = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": "Choose one of these releases: there is no %(value)s"}
    )

    field_order = ("environment", "reason", "contact", "newest_safe", "ends", "ends_day", "ends_clock")

    def __init__(
        self, data: QueryDict | None = None, *, application: Application, reader: Reader, environment: str = ""
    ) -> None:
        self.application = application
        self.environments = list(Environment.objects.filter(targets__application=application))
        newest = application.releases.select_related("application").order_by("-order")
        self.releases = list(newest[:RELEASES_OFFERED])
        slugs = [one.slug for one in self.environments]
        initial = {
            "environment": environment if environment in slugs else "",
            "contact": contact_of(reader, application),
            "ends": LIFTED,
        }
        super().__init__(data, reader=reader, initial=initial)
        self.fields["contact"].required = True
        self.fields["contact"].error_messages["required"] = "Say whom to ask about it"
        self._choose_from("environment", [("", EVERYWHERE), *((one.slug, one.name) for one in self.environments)])
        self._choose_from("newest_safe", [("", "None"), *((one.version, one.version) for one in self.releases)])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        ends_at = cleaned.get("ends_at")
        if ends_at is not None and ends_at <= self.reader.now:
            self.add_error("ends_day", "It must end later than now")
        return cleaned

    @property
    def chosen_environment(self) -> Environment | None:
        """None for all. Only when valid."""
        slug = self.cleaned_data["environment"]
        return next((one for one in self.environments if one.slug == slug), None)

    @property
    def chosen_release(self) -> Release | None:
        """The newest that is safe. Only when valid."""
        version = self.cleaned_data["newest_safe"]
        return next((one for one in self.releases if one.version == version), None)

    def new_hold(self) -> NewHold:
        """Only when valid."""
        cleaned = self.cleaned_data
        ends_at = cleaned["ends_at"] if cleaned["ends"] == AT else None
        return NewHold(
            reason=cleaned["reason"], contact=cleaned["contact"], ends_at=ends_at, newest_safe=self.chosen_release
        )

    def _choose_from(self, name: str, choices: Sequence[tuple[str, str]]) -> None:
        self.fields[name].choices = choices  # type: ignore[attr-defined] # both are choices


def contact_of(reader: Reader, application: Application) -> str:
    """Whom to ask, unless they type another: the person, with their address, else their team's channel."""
    user = reader.rights.user
    if user is not None and user.email:
        return f"{reader.name}, {user.email}"[:LONGEST_CONTACT]
    return application.owner.slack_channel or reader.name
