"""Tells by e-mail."""

import smtplib

from django.core.mail import BadHeaderError, EmailMessage

from deployer.integrations.errors import Refused, Unavailable
from deployer.integrations.notify.base import Message


class EmailNotifier:
    """Sends through Django's mail settings, which the operator gives as EMAIL_URL."""

    def send(self, message: Message) -> str:
        reference = f"<{message.key}@deployer>"
        try:
            EmailMessage(
                subject=" ".join(message.subject.split()),
                body=message.body,
                to=[message.address],
                headers={"Message-ID": reference},
            ).send()
        except (BadHeaderError, UnicodeError) as error:
            raise Refused(f"{message.address!r} is not an address that mail can be sent to.") from error
        except smtplib.SMTPRecipientsRefused as error:
            raise Refused(f"The mail server refuses {message.address}.") from error
        except (smtplib.SMTPException, OSError) as error:
            raise Unavailable(f"The mail server did not take it: {type(error).__name__}.") from error
        return reference
