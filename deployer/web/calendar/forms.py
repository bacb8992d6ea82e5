"""What the address of the calendar's page says."""

from typing import Any

from django import forms

from apps_registry.models import Application, Environment, Team
from deployer.calendar.forms import DayField
from deployer.web.calendar.periods import View
from deployer.web.calendar.reading import Filters

LAYOUTS = (("grid", "Grid"), ("list", "List"))
FILTERS = ("team", "application", "environment")


class CalendarForm(forms.Form):
    """Nothing in it is required: without a date it is today, without a view the week, and without a filter everything.

    `layout` is what shows it: the grid, which needs JavaScript and room, or the list; without one the page decides. The
    grid shows the hours in which something may happen, or with `hours` all of them.
    """

    view = forms.ChoiceField(
        choices=View.choices,
        required=False,
        error_messages={"invalid_choice": "There is no view %(value)r: choose day, week or month"},
    )
    date = DayField(missing="", required=False)
    layout = forms.ChoiceField(
        choices=LAYOUTS,
        required=False,
        error_messages={"invalid_choice": "There is no layout %(value)r: choose grid or list"},
    )
    hours = forms.ChoiceField(
        choices=(("all", "All"),),
        required=False,
        error_messages={"invalid_choice": "There are no hours %(value)r: write all, or leave it out"},
    )
    team = forms.ModelChoiceField(
        Team.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label="All teams",
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"invalid_choice": "There is no team %(value)r: choose one from the list"},
    )
    application = forms.ModelChoiceField(
        Application.objects.active(),
        to_field_name="slug",
        required=False,
        empty_label="All applications",
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"invalid_choice": "There is no application %(value)r: choose one from the list"},
    )
    environment = forms.ModelChoiceField(
        Environment.objects.all(),
        to_field_name="slug",
        required=False,
        empty_label="All environments",
        widget=forms.Select(attrs={"class": "govuk-select"}),
        error_messages={"invalid_choice": "There is no environment %(value)r: choose one from the list"},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self["environment"].field.label_from_instance = lambda environment: environment.name  # type: ignore[attr-defined]

    @property
    def problems(self) -> list[dict[str, Any]]:
        """Each field that can't be read, with the sentence that says what to do."""
        return [{"field": self[name], "sentence": errors[0]} for name, errors in self.errors.items()]

    @property
    def selects(self) -> list[forms.BoundField]:
        """What there is to choose from."""
        return [self[name] for name in FILTERS]

    @property
    def filters(self) -> Filters:
        """Of each kind one at most."""
        return Filters(**{f"{name}s": [self.cleaned_data[name]] for name in FILTERS if self.cleaned_data[name]})
