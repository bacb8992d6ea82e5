"""The form by which everything is stopped."""

from deployer.calendar.forms import text_field
from deployer.web.calendar.freezes.forms import ReaderForm, reason_field


class StopForm(ReaderForm):
    reason = reason_field("Say why everything is stopped")
    contact = text_field("The contact", 200)

    general_home = "id_reason"
