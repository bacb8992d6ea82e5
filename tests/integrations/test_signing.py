import hashlib
import hmac

import pytest

from deployer.integrations.signing import SignatureError, sign, signed_headers, verify

NOW = 1_790_000_000.0
SECRET = "correct horse battery staple"
BODY = b'{"state": "succeeded"}'


def test_it_signs_the_time_and_the_body() -> None:
    signed = f"{int(NOW)}.".encode() + BODY

    signature = sign(SECRET, int(NOW), BODY)

    assert signature == "v1=" + hmac.new(SECRET.encode(), signed, hashlib.sha256).hexdigest()


def test_it_accepts_what_it_signed() -> None:
    headers = signed_headers(SECRET, BODY, now=NOW)

    verify(
        SECRET,
        timestamp=headers["X-Deployer-Timestamp"],
        signature=headers["X-Deployer-Signature"],
        body=BODY,
        now=NOW + 299,
    )


@pytest.mark.parametrize(
    ("timestamp", "signature", "sentence"),
    [
        ("", "v1=" + "0" * 64, "X-Deployer-Timestamp is missing."),
        ("1790000000", "", "X-Deployer-Signature is missing."),
        ("yesterday", "v1=" + "0" * 64, "X-Deployer-Timestamp is malformed"),
        ("-1790000000", "v1=" + "0" * 64, "X-Deployer-Timestamp is malformed"),
        ("١٧٩٠٠٠٠٠٠٠", "v1=" + "0" * 64, "X-Deployer-Timestamp is malformed"),
        ("9" * 5000, "v1=" + "0" * 64, "X-Deployer-Timestamp is malformed"),
        ("1790000000", "0" * 64, "X-Deployer-Signature is malformed"),
        ("1790000000", "v2=" + "0" * 64, "X-Deployer-Signature is malformed"),
        ("1790000000", "v1=" + "é" * 64, "X-Deployer-Signature is malformed"),
        ("1790000000", "v1=" + "0" * 64 + "\n", "X-Deployer-Signature is malformed"),
        ("1789999699", "v1=" + "0" * 64, "more than 5 minutes"),
        ("1790000301", "v1=" + "0" * 64, "more than 5 minutes"),
        ("1790000000", "v1=" + "0" * 64, "does not match"),
    ],
)
def test_it_says_what_is_wrong_with_a_signature(timestamp: str, signature: str, sentence: str) -> None:
    with pytest.raises(SignatureError, match=sentence):
        verify(SECRET, timestamp=timestamp, signature=signature, body=BODY, now=NOW)


@pytest.mark.parametrize(
    ("secret", "timestamp", "body"),
    [
        ("another secret", int(NOW), BODY),
        (SECRET, int(NOW) + 1, BODY),
        (SECRET, int(NOW), BODY + b" "),
    ],
)
def test_a_signature_holds_for_one_secret_one_time_and_one_body_only(secret: str, timestamp: int, body: bytes) -> None:
    signature = sign(secret, timestamp, body)

    with pytest.raises(SignatureError, match="does not match"):
        verify(SECRET, timestamp=str(int(NOW)), signature=signature, body=BODY, now=NOW)


def test_an_empty_secret_verifies_nothing() -> None:
    with pytest.raises(ValueError, match="empty secret"):
        verify("", timestamp=str(int(NOW)), signature=sign("", int(NOW), BODY), body=BODY, now=NOW)
