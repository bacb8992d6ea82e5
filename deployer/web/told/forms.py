"""The form of one's own quiet hours."""

from typing import Any

from deployer.access.models import User
from deployer.calendar.forms import ClockField
from deployer.web.calendar.freezes.forms import ReaderForm
from deployer.web.calendar.slots.reader import Reader


class QuietForm(ReaderForm):
    """Two times of the wall clock; both empty for none."""

    general_home = "id_quiet_from"
    quiet_from = ClockField(missing="Say when they begin", required=False)
    quiet_until = ClockField(missing="Say when they end", required=False)

    def __init__(self, *args: Any, reader: Reader, person: User, **kwargs: Any) -> None:
        initial = {"quiet_from": person.quiet_from, "quiet_until": person.quiet_until}
        super().__init__(*args, reader=reader, initial=initial, **kwargs)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        start, end = cleaned.get("quiet_from"), cleaned.get("quiet_until")
        if not self.errors and (start is None) != (end is None):
            missing = "quiet_from" if start is None else "quiet_until"
            self.add_error(missing, f"{self.fields[missing].error_messages['required']}, or leave both empty")
        return cleaned
