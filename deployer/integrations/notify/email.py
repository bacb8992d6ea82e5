"""Tells by e-mail, in text and HTML."""

import smtplib
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import BadHeaderError, EmailMultiAlternatives

from deployer.integrations.errors import Refused, Unavailable
from deployer.integrations.notify.base import Message, Note
from deployer.integrations.text import one_line


class EmailNotifier:
    """Sends through Django's mail settings, which the operator gives as EMAIL_URL.

    The Message-ID is the message's key, so that a mailbox can tell a second delivery; one that a person had sent again
    has another, as they want to see it. What has the same thread answers the same message, which there need not be.
    """

    def send(self, message: Message, note: Note) -> str:
        """See Notifier."""
        headers = _headers(message)
        mail = EmailMultiAlternatives(
            subject=one_line(message.subject), body=message.body, to=[message.address], headers=headers
        )
        if message.html:
            mail.attach_alternative(message.html, "text/html")
        try:
            mail.send()
        except (BadHeaderError, UnicodeError, ValueError) as error:
            raise Refused(f"{message.address!r} is not an address that mail can be sent to.") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise _refusal(message.address, error) from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"The mail server did not take it: {type(error).__name__}.") from error
        return headers["Message-ID"]


def _headers(message: Message) -> dict[str, str]:
    host = urlsplit(settings.BASE_URL).hostname or "localhost"
    again = f".again-{message.again}" if message.again else ""
    headers = {
        "Message-ID": f"<{message.key}{again}@{host}>",
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
        "List-Id": f"<{message.topic}.deployer.{host}>" if message.topic else f"<deployer.{host}>",
    }
    if message.thread:
        headers |= dict.fromkeys(("In-Reply-To", "References"), f"<{message.thread}@{host}>")
    return headers


def _refusal(address: str, error: smtplib.SMTPRecipientsRefused) -> Refused | Unavailable:
    """A server that answers with 4xx, as one does that delays the unknown, is to be asked again."""
    codes = [code for code, _ in error.recipients.values()] if isinstance(error.recipients, dict) else []
    if codes and all(400 <= code < 500 for code in codes):
        return Unavailable(f"The mail server does not take mail for {address} now ({codes[0]}).")
    return Refused(f"The mail server refuses {address}.")
