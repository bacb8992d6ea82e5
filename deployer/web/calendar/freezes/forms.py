"""The forms by which freezes are declared, extended and lifted. Times are typed by the reader's wall clock."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.conf import settings
from django.http import QueryDict

from apps_registry.models import Application, Environment, Team
from apps_registry.rights import Rights
from deployer.calendar.actions.freezes import FreezeRefusedError, NewFreeze
from deployer.calendar.forms import ClockField, DayField, WordsField, read_instant, text_field, words_field
from deployer.calendar.models import EnvironmentCalendar, Freeze
from deployer.calendar.recurrence import wall_time
from deployer.calendar.walltime import end_instant, start_instant, zone_named
from deployer.refusal import RefusedError
from deployer.web.calendar.slots.reader import Reader
from deployer.web.calendar.slots.refusals import Problem

NOW, AT, LIFTED = "now", "at", "lifted"
STARTS = {NOW: "As soon as it is confirmed", AT: "At a set time"}
ENDS = {AT: "At a set time", LIFTED: "When somebody lifts it"}
OWN_RULE = "rule"
RECURS = {"": "Never", "FREQ=WEEKLY": "Every week", "FREQ=YEARLY": "Every year", OWN_RULE: "By a rule of its own"}
REASON_LENGTH = 5000
Instant = Callable[[date, time, ZoneInfo], datetime]


def reason_field(missing: str = "") -> WordsField:
    """Needed where an error says that it is missing."""
    return words_field("The reason", REASON_LENGTH, missing=missing)


class ReaderForm(forms.Form):
    """A form of the calendar's, for whoever reads the page."""

    general_home = ""
    """The id of what is to be mended where no single field is."""

    def __init__(self, data: QueryDict | None = None, *, reader: Reader, **kwargs: Any) -> None:
        self.reader = reader
        super().__init__(data, **kwargs)

    @property
    def problems(self) -> Sequence[Problem]:
        """What is to be mended, in the order of the page."""
        found = [Problem(sentence=str(one), field=self.general_home) for one in self.non_field_errors()]
        for name in self.fields:
            found += [Problem(sentence=str(one), field=self.anchor(name)) for one in self[name].errors]
        return found

    def anchor(self, name: str) -> str:
        """The id of the field's input; of several, of the first."""
        several = isinstance(self.fields[name].widget, (forms.RadioSelect, forms.CheckboxSelectMultiple))
        return f"id_{name}_0" if several else f"id_{name}"

    def refuse(self, error: RefusedError) -> None:
        """Show why an action refused, where it can be mended."""
        field = self.home(error.field) if isinstance(error, FreezeRefusedError) else ""
        self.add_error(field or None, str(error))

    def home(self, field: str) -> str:
        """The form's field for one of an action's."""
        return field

    def hidden(self) -> Iterator[forms.BoundField]:
        """Its fields, to be carried by another page."""
        return (self[name] for name in self.fields)

    def instant(self, name: str, instant: Instant) -> datetime | None:
        """The UTC instant of the day and the time of day in `<name>_day` and `<name>_clock`; None, with what is
        missing said there, when they don't make one."""
        day, clock = self.cleaned_data.get(f"{name}_day"), self.cleaned_data.get(f"{name}_clock")
        for part, value, what in ((f"{name}_day", day, "day on"), (f"{name}_clock", clock, "time at")):
            if value is None and part not in self.errors:
                self.add_error(part, f"Enter the {what} which it {name}")
        return instant(day, clock, zone_named(self.reader.zone)) if day is not None and clock is not None else None


class EndForm(ReaderForm):
    """When a freeze ends; valid, `cleaned_data` has `ends_at`, UTC or None for until it is lifted."""

    ends = forms.ChoiceField(
        choices=ENDS.items(), widget=forms.RadioSelect, error_messages={"required": "Choose when it ends"}
    )
    ends_day = DayField(missing="", required=False)
    ends_clock = ClockField(required=False)

    def home(self, field: str) -> str:
        if field == "ends_at":
            return "ends_day" if self.cleaned_data.get("ends") == AT else "ends"
        return super().home(field)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        cleaned["ends_at"] = self.instant("ends", end_instant) if cleaned.get("ends") == AT else None
        return cleaned


class ExtendForm(EndForm):
    """Filled in with the end as it is."""

    def __init__(self, data: QueryDict | None = None, *, freeze: Freeze, reader: Reader) -> None:
        initial = {"ends": AT if freeze.ends_at else LIFTED, **_filled_in("ends", freeze.ends_at, reader.zone)}
        super().__init__(data, reader=reader, initial=initial)


class LiftForm(ReaderForm):
    reason = reason_field("Say why it can be lifted")


class FreezeForm(EndForm):
    """A freeze as it is typed. What it may be is for `check_freeze` to say."""

    environments = forms.ModelMultipleChoiceField(
        queryset=Environment.objects.all(),
        to_field_name="slug",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "There is no environment “%(value)s”"},
    )
    teams = forms.ModelMultipleChoiceField(
        queryset=Team.objects.all(),
        to_field_name="slug",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "There is no team “%(value)s”"},
    )
    applications = forms.ModelMultipleChoiceField(
        queryset=Application.objects.active(),
        to_field_name="slug",
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": "There is no application “%(value)s”, or it is archived"},
    )
    starts = forms.ChoiceField(
        choices=STARTS.items(), widget=forms.RadioSelect, error_messages={"required": "Choose when it starts"}
    )
    starts_day = DayField(missing="", required=False)
    starts_clock = ClockField(required=False)
    recurs = forms.ChoiceField(choices=RECURS.items(), widget=forms.RadioSelect, required=False)
    rule = text_field("The rule", 300)
    zone = forms.ChoiceField(error_messages={"required": "Choose the zone", "invalid_choice": "Choose one of these"})
    reason = reason_field("Enter the reason")
    contact = text_field("The contact", 200)
    allows_rollbacks = forms.BooleanField(required=False)
    allows_by_hand = forms.BooleanField(required=False)

    general_home = "id_environments_0"
    field_order = (
        *("environments", "teams", "applications", "starts", "starts_day", "starts_clock"),
        *("ends", "ends_day", "ends_clock", "recurs", "rule", "zone", "reason", "contact"),
        *("allows_rollbacks", "allows_by_hand"),
    )

    def __init__(
        self, data: QueryDict | None = None, *, reader: Reader, initial: Mapping[str, Any] | None = None
    ) -> None:
        defaults = {"starts": NOW, "ends": AT, "recurs": "", "zone": reader.zone, "allows_rollbacks": True}
        super().__init__(data, reader=reader, initial=defaults | dict(initial or {}))
        self.zones = _zones(reader)
        self._field("zone").choices = [(zone, zone) for zone in self.zones]
        if not reader.rights.manages:
            self._offer_their_own(reader.rights)

    @classmethod
    def for_address(cls, query: QueryDict, *, reader: Reader) -> "FreezeForm":
        """Filled in with what an address names: environment, team and application (slugs, repeatable), start and end
        (ISO 8601). What can't be read is left out. A developer of a single team starts with that."""
        named = {f"{name}s": query.getlist(name) for name in ("environment", "team", "application")}
        if not (named["teams"] or named["applications"]) and len(reader.rights.teams) == 1:
            named["teams"] = list(Team.objects.filter(pk__in=reader.rights.teams).values_list("slug", flat=True))
        start, end = (read_instant(query.get(name, ""), reader.zone) for name in ("start", "end"))
        times = _filled_in("starts", start, reader.zone) | _filled_in("ends", end, reader.zone)
        return cls(reader=reader, initial={**named, **times, "starts": AT if start else NOW})

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        cleaned["starts_at"] = self.instant("starts", start_instant) if cleaned.get("starts") == AT else None
        if cleaned.get("recurs") == OWN_RULE and not cleaned.get("rule") and "rule" not in self.errors:
            self.add_error("rule", "Enter the rule, such as FREQ=WEEKLY;BYDAY=FR")
        return cleaned

    def new_freeze(self) -> NewFreeze:
        """What is typed; only of a valid form. What recurs starts at a whole minute, so that it does so each time."""
        cleaned, now, rule = self.cleaned_data, self.reader.now, self._rule()
        return NewFreeze(
            starts_at=cleaned["starts_at"] or (now.replace(second=0, microsecond=0) if rule else now),
            ends_at=cleaned["ends_at"],
            reason=cleaned["reason"],
            environments=list(cleaned["environments"]),
            teams=list(cleaned["teams"]),
            applications=list(cleaned["applications"]),
            recurrence=rule,
            zone=cleaned["zone"] if rule else settings.TIME_ZONE,
            contact=cleaned["contact"],
            allows_rollbacks=cleaned["allows_rollbacks"],
            allows_by_hand=cleaned["allows_by_hand"],
        )

    def home(self, field: str) -> str:
        if field == "recurrence":
            return "rule" if self.cleaned_data.get("recurs") == OWN_RULE else "recurs"
        return super().home(field)

    def _rule(self) -> str:
        recurs = str(self.cleaned_data["recurs"])
        return str(self.cleaned_data["rule"]).removeprefix("RRULE:") if recurs == OWN_RULE else recurs

    def _offer_their_own(self, rights: Rights) -> None:
        """Only what they may freeze is shown to choose from; anything else that is sent, `check_freeze` refuses."""
        teams, applications = self._field("teams"), self._field("applications")
        own = Application.objects.active().filter(owner__in=rights.teams)
        teams.choices = [(one.slug, one.name) for one in Team.objects.filter(pk__in=rights.teams)]
        applications.choices = [(one.slug, one.slug) for one in own]

    def _field(self, name: str) -> forms.ChoiceField:
        return self.fields[name]  # type: ignore[return-value] # each that is asked for is one


def _zones(reader: Reader) -> list[str]:
    """Whose clocks a freeze may recur by: the reader's, this installation's, and those of the environments' hours."""
    of_hours = EnvironmentCalendar.objects.order_by("zone").values_list("zone", flat=True).distinct()
    return list(dict.fromkeys([reader.zone, settings.TIME_ZONE, *of_hours]))


def _filled_in(name: str, at: datetime | None, zone: str) -> dict[str, str]:
    if at is None:
        return {}
    wall = wall_time(at, zone)
    return {f"{name}_day": wall.date().isoformat(), f"{name}_clock": f"{wall:%H:%M}"}
