"""Validators that several models share."""

from django.core.validators import RegexValidator

# What CI, addresses and the terminal name a thing by; it does not change after it is made.
slug_validator = RegexValidator(
    r"^[a-z0-9]+(?:[-_][a-z0-9]+)*\Z",
    "Use lower-case letters, digits and single hyphens or underscores between them, such as publishing-api.",
)
slack_channel_validator = RegexValidator(
    r"^#[a-z0-9._-]{1,79}\Z", "A Slack channel starts with # and is lower-case, such as #govuk-content-apis."
)
