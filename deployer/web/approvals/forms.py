"""What is typed to approve and to reject."""

from deployer.calendar.forms import words_field
from deployer.web.calendar.freezes.forms import REASON_LENGTH, ReaderForm, reason_field


class ApproveForm(ReaderForm):
    comment = words_field("The comment", REASON_LENGTH)


class RejectForm(ReaderForm):
    reason = reason_field("Say why it is rejected")
