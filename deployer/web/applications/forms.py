"""What is typed to change a policy, and to open and resolve a trust issue."""

from collections.abc import Sequence

from django import forms
from django.http import QueryDict

from apps_registry.models import Application, Environment, Target
from apps_registry.models.target import Policy
from apps_registry.policies import ReasonTooShortError
from deployer.refusal import RefusedError
from deployer.web.calendar.freezes.forms import ReaderForm, reason_field
from deployer.web.calendar.slots.reader import Reader

EVERYWHERE = "Every environment"


class PolicyForm(ReaderForm):
    """The policy that is asked for, and why: needed where something is passed over."""

    policy = forms.ChoiceField(
        choices=Policy.choices,
        widget=forms.HiddenInput,
        error_messages={"required": "Choose a policy", "invalid_choice": "Choose automatic or manual"},
    )
    reason = reason_field()

    def refuse(self, error: RefusedError) -> None:
        self.add_error("reason" if isinstance(error, ReasonTooShortError) else None, str(error))


class TrustIssueForm(ReaderForm):
    """A trust issue of one application, in one of its environments or in all."""

    environment = forms.ChoiceField(
        required=False, error_messages={"invalid_choice": "There is no environment %(value)s: choose one of these"}
    )
    reason = reason_field("Enter the reason")
    make_manual = forms.BooleanField(required=False)

    field_order = ("environment", "reason", "make_manual")

    def __init__(
        self, data: QueryDict | None = None, *, application: Application, reader: Reader, environment: str = ""
    ) -> None:
        targets: Sequence[Target] = list(
            application.targets.select_related("environment").order_by("environment__position")
        )
        self.environments = [target.environment for target in targets]
        self.automatic = [target.environment for target in targets if target.policy == Policy.AUTOMATIC]
        known = environment in [one.slug for one in self.environments]
        super().__init__(
            data, reader=reader, initial={"environment": environment if known else "", "make_manual": True}
        )
        choices = [("", EVERYWHERE), *((one.slug, one.name) for one in self.environments)]
        self.fields["environment"].choices = choices  # type: ignore[attr-defined] # it is one of choices

    @property
    def manual_hint(self) -> str:
        """What the tick would do."""
        names = " and ".join(one.name.lower() for one in self.automatic)
        return f"It is automatic in {names}. What you make manual stays so when the trust issue is resolved."

    @property
    def chosen_environment(self) -> Environment | None:
        """None for all. Only when valid."""
        slug = self.cleaned_data["environment"]
        return next((one for one in self.environments if one.slug == slug), None)


class ResolveForm(ReaderForm):
    reason = reason_field("Say what was done about it")
