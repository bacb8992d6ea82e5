"""What the audit's address asks for, as it is typed and as it is looked for."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils.http import urlencode

from apps_registry.models import Application, Environment
from deployer.access.models import ApiToken, User
from deployer.audit.actor import ActorKind
from deployer.audit.models import Event
from deployer.calendar.forms import DayField, text_field
from deployer.calendar.walltime import day_span, zone_named
from deployer.web.audit import kinds
from deployer.web.calendar.freezes.forms import ReaderForm
from deployer.web.calendar.slots.reader import Reader

MOST_PEOPLE = 500
MOST_TOKENS = 200
MOST_APPLICATIONS = 1_000
ANYONE = {
    ActorKind.USER.value: "Any person",
    ActorKind.TOKEN.value: "Any token",
    ActorKind.SYSTEM.value: "Deployer itself",
    ActorKind.OPERATOR.value: "Anyone at a terminal",
}
NO_ENVIRONMENT = "Choose an environment from the list"
NOBODY = "Choose who did it from the list"
NO_KIND = "Choose what happened from the list"
NO_PROMOTION = "Enter the number of a promotion, such as 120"
_ONE = re.compile(r"(user|token|system|operator):[^\0]{1,150}")
_LARGEST = 2**63 - 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Filters:
    """What is looked for; empty is everything. `start` counts and `end` doesn't, both in UTC."""

    application: str = ""
    environment: str = ""
    actor_kind: str = ""
    actor_ref: str = ""
    families: Sequence[str] = ()
    kind: str = ""
    promotion: int | None = None
    text: str = ""
    start: datetime | None = None
    end: datetime | None = None


def _choice(otherwise: str) -> forms.CharField:
    return forms.CharField(required=False, error_messages={"null_characters_not_allowed": otherwise})


class FilterForm(ReaderForm):
    """The filter as the reader types it; its days are days by the reader's clock. Three small queries to be shown."""

    application = text_field("The application", 100)
    environment = _choice(NO_ENVIRONMENT)
    who = _choice(NOBODY)
    kind = _choice(NO_KIND)
    promotion = _choice(NO_PROMOTION)
    text = text_field("The words", 100)
    since = DayField(missing="", required=False)
    until = DayField(missing="", required=False)

    def __init__(self, data: QueryDict, *, reader: Reader) -> None:
        super().__init__(data, reader=reader)
        self.environments = list(Environment.objects.values_list("slug", "name"))

    def clean_application(self) -> str:
        slug = str(self.cleaned_data["application"]).strip().lower()
        # What is no longer in the registry has its events still.
        if slug and not (
            Application.objects.filter(slug=slug).exists() or Event.objects.filter(application=slug).exists()
        ):
            raise ValidationError(f"No application is called {slug}")
        return slug

    def clean_environment(self) -> str:
        slug = str(self.cleaned_data["environment"])
        if slug and slug not in dict(self.environments):
            raise ValidationError(NO_ENVIRONMENT)
        return slug

    def clean_who(self) -> str:
        who = str(self.cleaned_data["who"])
        if who and who not in ANYONE and not _ONE.fullmatch(who):
            raise ValidationError(NOBODY)
        return who

    def clean_kind(self) -> str:
        kind = str(self.cleaned_data["kind"])
        if kind and not kinds.is_choice(kind):
            raise ValidationError(NO_KIND)
        return kind

    def clean_promotion(self) -> int | None:
        typed = str(self.cleaned_data["promotion"]).strip().lstrip("#")
        if not typed:
            return None
        if not (typed.isascii() and typed.isdecimal() and 0 < int(typed[:20]) <= _LARGEST):
            raise ValidationError(NO_PROMOTION)
        return int(typed)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", "The last day must not be before the first")
        return cleaned

    def filters(self) -> Filters:
        """Only when valid."""
        asked, zone = self.cleaned_data, zone_named(self.reader.zone)
        actor_kind, _, actor_ref = asked["who"].partition(":")
        families, kind = kinds.chosen(asked["kind"])
        return Filters(
            application=asked["application"],
            environment=asked["environment"],
            actor_kind=actor_kind,
            actor_ref=actor_ref,
            families=families,
            kind=kind,
            promotion=asked["promotion"],
            text=asked["text"].strip(),
            start=day_span(asked["since"], zone)[0] if asked["since"] else None,
            end=day_span(asked["until"], zone)[1] if asked["until"] else None,
        )

    @property
    def query(self) -> str:
        """What was typed, as an address carries it."""
        typed = {name: self.data.get(name, "").strip() for name in self.fields}
        return urlencode({name: value for name, value in typed.items() if value})

    @property
    def has_any(self) -> bool:
        return bool(self.query)

    # --- What can be chosen ---

    @property
    def groups(self) -> Sequence[kinds.Group]:
        return kinds.GROUPS

    @property
    def anyone(self) -> Sequence[tuple[str, str]]:
        return list(ANYONE.items())

    @property
    def people(self) -> Sequence[tuple[str, str]]:
        """The first by their names, and whoever is chosen."""
        found = User.objects.order_by("first_name", "last_name", "username")[:MOST_PEOPLE]
        return self._with_chosen("user", [(f"user:{one.pk}", one.as_actor().label) for one in found])

    @property
    def tokens(self) -> Sequence[tuple[str, str]]:
        found = ApiToken.objects.values_list("pk", "name")[:MOST_TOKENS]
        return self._with_chosen("token", [(f"token:{pk}", name) for pk, name in found])

    @property
    def applications(self) -> Sequence[str]:
        return list(Application.objects.values_list("slug", flat=True)[:MOST_APPLICATIONS])

    def _with_chosen(self, kind: str, choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
        who = self.data.get("who", "")
        if who.startswith(f"{kind}:") and who not in dict(choices) and _ONE.fullmatch(who):
            label = Event.objects.filter(actor_kind=kind, actor_ref=who.partition(":")[2]).values_list(
                "actor_label", flat=True
            )
            choices.append((who, label.first() or who))
        return choices
