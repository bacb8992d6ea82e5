"""What is typed to approve and to reject."""

from django import forms

from deployer.web.calendar.freezes.forms import REASON_LENGTH, ReaderForm, reason_field


class ApproveForm(ReaderForm):
    comment = forms.CharField(
        required=False,
        max_length=REASON_LENGTH,
        widget=forms.Textarea,
        error_messages={"max_length": f"The comment must be at most {REASON_LENGTH} characters long"},
    )

    def clean_comment(self) -> str:
        return str(self.cleaned_data["comment"]).replace("\r\n", "\n")


class RejectForm(ReaderForm):
    reason = reason_field("Say why it is rejected")

    def clean_reason(self) -> str:
        return str(self.cleaned_data["reason"]).replace("\r\n", "\n")
