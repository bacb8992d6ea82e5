"""The form by which a slot is booked."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict

from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.actions.series import Booked, book_series
from deployer.calendar.actions.slots import NewSlot, SlotRefusedError, book
from deployer.calendar.booking import booking_blockers
from deployer.calendar.facts import Wanted, booking_facts, next_slot
from deployer.calendar.forms import read_instant, text_field
from deployer.calendar.models import Slot
from deployer.calendar.recurrence import wall_time
from deployer.calendar.rrule import WEEKDAYS
from deployer.calendar.spans import Span
from deployer.gates import Blocker
from deployer.web.calendar.slots.forms import OverrideFields, SlotForm
from deployer.web.calendar.slots.places import Place, length_labels
from deployer.web.calendar.slots.reader import Reader
from deployer.web.calendar.slots.refusals import Problem
from deployer.web.calendar.slots.rows import Offer, Row, check_rows, look_up, offers, read_rows
from deployer.web.calendar.slots.times import clock_note, filled_in, typed_end, typed_start

MINUTE = timedelta(minutes=1)
LENGTHS = ("usual", "longest", "until")
REPEATS = {
    "never": "Never",
    "weekly": "Every week, on the same day",
    "weekdays": "Every weekday, Monday to Friday",
    "rule": "By a rule of your own",
}


class BookForm(SlotForm):
    """Unbound it shows what is filled in; bound it is what was typed, and can `book`.

    `application` and `version` are repeated, one pair for each row; see `rows`.
    """

    applications = forms.Field(required=False)
    environment = forms.ChoiceField(
        error_messages={"required": "Choose the environment", "invalid_choice": "Choose one of these environments"}
    )
    length = forms.ChoiceField(
        choices=[(name, name) for name in LENGTHS],
        error_messages={"required": "Choose how long it takes", "invalid_choice": "Choose one of these lengths"},
    )
    repeat = forms.ChoiceField(
        choices=list(REPEATS.items()),
        required=False,
        error_messages={"invalid_choice": "Choose one of these ways to repeat it"},
    )
    rule = text_field("The rule", 300)
    overrides = forms.Field(required=False)
    field_order = [
        "environment",
        "date",
        "start",
        "length",
        "end",
        "exclusive",
        "watched_by",
        "notes",
        "repeat",
        "rule",
    ]

    def __init__(
        self,
        *,
        reader: Reader,
        places: Sequence[Place],
        data: QueryDict | None = None,
        initial: Mapping[str, Any] | None = None,
        rows: Sequence[Row] = (),
    ) -> None:
        super().__init__(data, initial=dict(initial or {}))
        self.reader, self.places = reader, places
        self.rows = list(rows) if data is None else read_rows(data.getlist("application"), data.getlist("version"))
        look_up(self.rows)
        self.offers: Sequence[Offer] = offers(reader.rights)
        self.override_fields: list[OverrideFields] = []
        self.span: Span | None = None
        field = self.fields["environment"]
        if isinstance(field, forms.ChoiceField):
            field.choices = [(place.slug, place.slug) for place in places]

    @classmethod
    def for_address(cls, query: QueryDict, *, reader: Reader, places: Sequence[Place]) -> "BookForm":
        """Filled in from an address. Without a time in it, with the next free one, where it says for what."""
        slug = query.get("environment", "") or (places[0].slug if len(places) == 1 else "")
        place = next((one for one in places if one.slug == slug), None)
        initial = {"environment": slug, "length": "usual", "repeat": "never", "watched_by": reader.name}
        rows = read_rows(query.getlist("application"), query.getlist("version"))
        form = cls(reader=reader, places=places, initial=initial, rows=rows)
        start, end = (read_instant(query.get(name, ""), reader.zone) for name in ("start", "end"))
        if start is not None:
            usual = place.limits.length if place else timedelta(minutes=30)
            form.fill_in(Span(start, end if end and end > start else start + usual), place)
        elif place and rows and check_rows(rows, ()):
            form.fill_in_next(place)
        form.initial.setdefault("date", wall_time(reader.now, reader.zone).date().isoformat())
        return form

    @classmethod
    def draft(cls, data: QueryDict, *, reader: Reader, places: Sequence[Place]) -> "BookForm":
        """What was typed so far, to be gone on with: nothing is checked yet. Blank rows stay."""
        initial = {name: data[name] for name in cls.base_fields if name in data}
        pairs = zip(data.getlist("application"), data.getlist("version"), strict=False)
        rows = [row for pair in pairs for row in read_rows([pair[0]], [pair[1]]) or [Row()]]
        return cls(reader=reader, places=places, initial=initial, rows=rows)

    def fill_in(self, span: Span, place: Place | None) -> None:
        length = _length_of(span, place)
        self.initial.update(filled_in(span, self.reader.zone, ends=length == "until"), length=length)

    def fill_in_next(self, place: Place) -> None:
        """With the next free time for its applications; nothing when there is none."""
        start = next_minute(self.reader)
        wanted = Wanted(
            environment=place.environment,
            applications=[row.application for row in self.rows if row.application],
            span=Span(start, start + place.limits.length),
        )
        found = next_slot(wanted, self.reader.rights, self.reader.now)
        if found is not None:
            self.fill_in(found, place)

    @property
    def shown_rows(self) -> Sequence[Row]:
        return self.rows or [Row()]

    @property
    def lengths(self) -> Mapping[str, str]:
        """The lengths to choose from, in words; `until` is another."""
        return length_labels(self.places)

    @property
    def repeats(self) -> Mapping[str, str]:
        return REPEATS

    @property
    def place(self) -> Place | None:
        """The chosen environment; None before a valid one was chosen."""
        return next((one for one in self.places if one.slug == self["environment"].value()), None)

    @property
    def is_repeated(self) -> bool:
        return self.cleaned_data.get("repeat", "never") not in ("", "never")

    @property
    def problems(self) -> Sequence[Problem]:
        of_overrides = [problem for fields in self.override_fields for problem in fields.problems]
        return [*super().problems, *of_overrides]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        self._check_rows()
        self._read_span(cleaned)
        if self.is_repeated and self.releases:
            for row in self.rows:
                if row.release:
                    row.version_error = (
                        "A slot that is repeated is for whatever is to be deployed then: leave the release out"
                    )
            self.add_error("applications", "Releases are for one time.")
        if cleaned.get("repeat") == "rule" and not cleaned.get("rule") and "rule" not in self.errors:
            self.add_error("rule", "Enter the rule, such as FREQ=WEEKLY;BYDAY=TU,TH")
        if not self.errors and isinstance(self.data, QueryDict):
            self._read_overrides(self.data)
        return cleaned

    def _check_rows(self) -> None:
        if not self.rows:
            self.rows = [Row(slug_error="Enter what is to be deployed: at least one application")]
            self.add_error("applications", "There is none.")
        elif not check_rows(self.rows, [offer.slug for offer in self.offers]):
            self.add_error("applications", "Some can't be booked for.")

    def _read_span(self, cleaned: Mapping[str, Any]) -> None:
        if not all(cleaned.get(name) for name in ("environment", "length")) or self.place is None:
            return
        if cleaned.get("date") is None or cleaned.get("start") is None or "end" in self.errors:
            return
        start, limits = typed_start(cleaned, self.reader.zone), self.place.limits
        if cleaned["length"] != "until":
            self.span = Span(start, start + (limits.length if cleaned["length"] == "usual" else limits.longest))
            if cleaned.get("end") is not None:
                self.add_error("end", "Choose “Until a time” for this one to count, or empty it")
        elif cleaned.get("end") is None:
            self.add_error("end", "Enter the time at which it ends")
        else:
            try:
                self.span = Span(start, typed_end(cleaned, start, self.reader.zone, longest=limits.longest))
            except ValidationError as error:
                self.add_error("end", error)

    def _read_overrides(self, data: QueryDict) -> None:
        """Those that were ticked, of what blocks it now; what no longer does needs none."""
        ticked = set(data.getlist("override"))
        if not ticked or self.is_repeated or not self.reader.rights.manages:
            return
        self._offer_overrides(self.blockers(), ticked=ticked)
        if not all(fields.is_valid() for fields in self.override_fields if fields.is_bound):
            self.add_error("overrides", "Some say too little.")

    def _offer_overrides(self, blockers: Sequence[Blocker], *, ticked: Collection[str] = ()) -> None:
        if self.span is None:
            return
        self.override_fields += [
            OverrideFields(
                blocker=blocker,
                span=self.span,
                zone=self.reader.zone,
                data=self.data if blocker.name in ticked else None,
            )
            for blocker in blockers
            if blocker.overridable
        ]

    def wanted(self) -> Wanted:
        """What is asked of the calendar. Only when valid, as all that follows."""
        if self.place is None or self.span is None:
            raise ValueError("It is not said yet where and when.")
        return Wanted(
            environment=self.place.environment,
            applications=[row.application for row in self.rows if row.application],
            span=self.span,
            exclusive=self.cleaned_data["exclusive"],
        )

    def blockers(self) -> list[Blocker]:
        """Why it can't be booked, whatever was overridden."""
        return booking_blockers(booking_facts(self.wanted(), self.reader.rights, self.reader.now), self.reader.now)

    def next_free(self) -> Span | None:
        """The first free time from the typed start on."""
        return next_slot(self.wanted(), self.reader.rights, self.reader.now)

    def book(self) -> Slot | Booked:
        """Book it, or all of them where it repeats. Raises as the actions do."""
        new, rights, now = self._new(), self.reader.rights, self.reader.now
        if self.is_repeated and self.place is not None:
            zone = self.place.calendar.zone
            return book_series(first=new, rule=self._rule(new, zone), zone=zone, rights=rights, now=now)
        return book(new=new, rights=rights, overrides=self._overrides(), now=now)

    def note(self) -> str:
        """What the clocks did to the typed start; empty on most days."""
        return clock_note(self.cleaned_data["start"], self._new().starts_at, self.reader.zone)

    def refuse(self, error: SlotRefusedError) -> None:
        super().refuse(error)
        offered = {fields.blocker.name for fields in self.override_fields}
        if self.may_override:
            self._offer_overrides([one for one in error.blockers if one.name not in offered])

    @property
    def may_override(self) -> bool:
        return self.reader.rights.manages and not self.is_repeated

    @property
    def override_suffices(self) -> bool:
        """Whether overrides alone would let it be booked."""
        left = self.refusal.blockers if self.refusal else ()
        return bool(self.override_fields) and all(blocker.overridable for blocker in left)

    def _overrides(self) -> list[NewOverride]:
        return [fields.override() for fields in self.override_fields if fields.is_bound]

    def _new(self) -> NewSlot:
        wanted, cleaned = self.wanted(), self.cleaned_data
        return NewSlot(
            environment=wanted.environment,
            applications=wanted.applications,
            starts_at=wanted.span.start,
            ends_at=wanted.span.end,
            releases=self.releases,
            exclusive=cleaned["exclusive"],
            notes=cleaned["notes"],
            watched_by=cleaned["watched_by"],
        )

    def _rule(self, new: NewSlot, zone: str) -> str:
        if self.cleaned_data["repeat"] == "weekly":
            return f"FREQ=WEEKLY;BYDAY={WEEKDAYS[wall_time(new.starts_at, zone).weekday()]}"
        if self.cleaned_data["repeat"] == "weekdays":
            return f"FREQ=WEEKLY;BYDAY={','.join(WEEKDAYS[:5])}"
        return str(self.cleaned_data["rule"]).removeprefix("RRULE:")


def next_minute(reader: Reader) -> datetime:
    """The first whole minute from now on."""
    whole = reader.now.replace(second=0, microsecond=0)
    return whole if whole == reader.now else whole + MINUTE


def with_time(data: QueryDict, span: Span, zone: str) -> QueryDict:
    """What was typed, with another time."""
    changed = data.copy()
    for name, value in filled_in(span, zone, ends=data.get("length") == "until").items():
        changed[name] = value
    return changed


def _length_of(span: Span, place: Place | None) -> str:
    length = span.end - span.start
    if place is None:
        return "until"
    if length == place.limits.length:
        return "usual"
    return "longest" if length == place.limits.longest else "until"
