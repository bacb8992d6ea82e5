"""Signatures of webhooks, in both directions: v1=<hex HMAC-SHA256 of "<unix seconds>.<body>">."""

import hashlib
import hmac
import re

from deployer.integrations.errors import AdapterError

TIMESTAMP_HEADER = "X-Deployer-Timestamp"
SIGNATURE_HEADER = "X-Deployer-Signature"
TOLERANCE_SECONDS = 300

_TIMESTAMP = re.compile("[0-9]{1,12}", re.ASCII)
_SIGNATURE = re.compile("v1=[0-9a-f]{64}", re.ASCII)


class SignatureError(AdapterError):
    """A message is not known to come from the holder of the secret; the text says why and may be sent back."""


def sign(secret: str, timestamp: int | str, body: bytes) -> str:
    """The value of the signature header. `timestamp` is in unix seconds, as in the timestamp header."""
    return "v1=" + hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()


def signed_headers(secret: str, body: bytes, *, now: float) -> dict[str, str]:
    """The two headers that prove who sent this body, and when (`now`, unix seconds)."""
    timestamp = int(now)
    return {TIMESTAMP_HEADER: str(timestamp), SIGNATURE_HEADER: sign(secret, timestamp, body)}


def verify(secret: str, *, timestamp: str, signature: str, body: bytes, now: float) -> None:
    """Check the values of the two headers against the body as it was received. `now` is in unix seconds.

    Raises SignatureError when one is missing or malformed, the time is more than five minutes off
    (either way), or the signature is of another body, time or secret.
    """
    if not secret:
        raise ValueError("An empty secret signs nothing.")
    _check_form(TIMESTAMP_HEADER, timestamp, _TIMESTAMP, "unix seconds")
    _check_form(SIGNATURE_HEADER, signature, _SIGNATURE, "v1= and 64 hex digits")
    if abs(now - int(timestamp)) > TOLERANCE_SECONDS:
        raise SignatureError(f"{TIMESTAMP_HEADER} is more than {TOLERANCE_SECONDS // 60} minutes from now.")
    if not hmac.compare_digest(sign(secret, timestamp, body), signature):
        raise SignatureError(f"{SIGNATURE_HEADER} does not match the body.")


def _check_form(header: str, value: str, pattern: re.Pattern[str], form: str) -> None:
    if not value:
        raise SignatureError(f"{header} is missing.")
    if not pattern.fullmatch(value):
        raise SignatureError(f"{header} is malformed: it takes {form}.")
