"""The form of one's own time zone."""

import zoneinfo
from typing import Any

from django import forms

from deployer.web.calendar.freezes.forms import ReaderForm

LEFT_OUT = ("Etc/", "SystemV/", "posix/", "right/")


def zones() -> list[str]:
    """Those that are offered: every place of the database, and UTC."""
    return sorted(
        name
        for name in zoneinfo.available_timezones()
        if ("/" in name or name == "UTC") and not name.startswith(LEFT_OUT)
    )


class ZoneForm(ReaderForm):
    """A zone's name as it is typed, or chosen from the list. Which there are, the action says."""

    general_home = "id_zone"
    zone = forms.CharField(
        max_length=50,
        error_messages={
            "required": "Choose a time zone",
            "max_length": "There is no such time zone: choose one from the list, such as Europe/London",
            "null_characters_not_allowed": "There is no such time zone: choose one from the list",
        },
    )

    def clean_zone(self) -> str:
        """Written in another way it is found all the same: "europe/london", "New York"."""
        typed: Any = self.cleaned_data["zone"]
        known = {name.casefold(): name for name in sorted(zoneinfo.available_timezones())}
        wanted = str(typed).casefold().replace(" ", "_")
        places = {name.rpartition("/")[2]: whole for name, whole in known.items() if "/" in name}
        found = known.get(wanted) or places.get(wanted)
        if found is None:
            raise forms.ValidationError(
                f"There is no time zone “{typed}”: choose one from the list, such as Europe/London"
            )
        return found
