"""Deploys by asking a service of the operator's over signed HTTP; docs/adapters.md is its contract."""

import json
import time
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal
from urllib.parse import quote, urlsplit

from pydantic import AfterValidator, ConfigDict, Field, ValidationInfo, field_validator
from pydantic.dataclasses import dataclass

from deployer.integrations import http
from deployer.integrations.connections import NAME_PATTERN, read_secret
from deployer.integrations.deploy.base import DeployRequest, DeployState, DeployStatus
from deployer.integrations.errors import CannotTell, OutcomeUnknown, Refused, Unavailable
from deployer.integrations.placeholders import check_placeholders, fill, placeholders
from deployer.integrations.signing import signed_headers
from deployer.integrations.text import one_line, storable

REFERENCE_LIMIT = 500
ASK_AGAIN = frozenset({408, 425, 429})
"""4xx that say "not now" instead of "no"."""
MOVED = frozenset({301, 307, 308})
"""Redirects that say that nothing was done here; others are also sent after something was."""
STATES = {
    "running": DeployState.RUNNING,
    "succeeded": DeployState.SUCCEEDED,
    "failed": DeployState.FAILED,
}


def _check_template(url: str) -> str:
    if url:
        http.check_url(url)
        check_placeholders(url, {"reference", "key"})
        if placeholders(urlsplit(url).netloc):
            raise ValueError("must not have a placeholder in the host's name")
    return url


def _check_fixed(url: str) -> str:
    http.check_url(url)
    check_placeholders(url, set())
    return url


UrlTemplate = Annotated[str, AfterValidator(_check_template)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class WebhookConfig:
    """`connection` names the secret that signs. In mode poll the service is asked by `status_url`; in mode callback
    it reports by itself, and is asked too if there is a `status_url`. `status_url` and `cancel_url` hold {reference},
    the service's own word for the deploy, or {key}, ours; `find_url` holds {key}."""

    url: Annotated[str, AfterValidator(_check_fixed)]
    connection: Annotated[str, Field(pattern=NAME_PATTERN)]
    mode: Literal["poll", "callback"] = "poll"
    status_url: Annotated[UrlTemplate, Field(validate_default=True)] = ""
    find_url: UrlTemplate = ""
    cancel_url: UrlTemplate = ""

    @field_validator("status_url")
    @classmethod
    def _status(cls, url: str, info: ValidationInfo) -> str:
        if not url and info.data.get("mode") == "poll":
            raise ValueError("is needed in mode poll")
        if url and len(placeholders(url)) != 1:
            raise ValueError("must hold either {reference} or {key}")
        return url

    @field_validator("find_url")
    @classmethod
    def _find(cls, url: str) -> str:
        if url and placeholders(url) != {"key"}:
            raise ValueError("must hold {key} and no other placeholder")
        return url

    @field_validator("cancel_url")
    @classmethod
    def _cancel(cls, url: str, info: ValidationInfo) -> str:
        if len(placeholders(url) | placeholders(info.data.get("status_url", ""))) > 1:
            raise ValueError("must hold the same placeholder as the status URL")
        return url


class WebhookDeployer:
    """Asks a service to deploy, then polls it or waits for its signed report."""

    kind: ClassVar[str] = "webhook"
    label: ClassVar[str] = "Webhook"
    Config: ClassVar[type[Any]] = WebhookConfig

    def __init__(self, config: WebhookConfig) -> None:
        self.config = config

    def start(self, request: DeployRequest) -> str:
        """See Deployer. Sent once; the reference is the service's, or the key where its URLs go by that."""
        message = {
            "key": request.key,
            "application": request.application,
            "environment": request.environment,
            "version": request.version,
            "commit": request.commit,
            "previous_version": request.previous_version,
            "url": request.target_url,
            "promotion_url": request.promotion_url,
            "callback_url": request.callback_url,
        }
        headers = {"Idempotency-Key": request.key, "X-Deployer-Fence": str(request.fence)}
        response = self._send("POST", self.config.url, message, headers=headers, send_before=request.deadline)
        _check_accepted(response)
        reference = _reference(response, request.key)
        if reference is None:
            raise OutcomeUnknown(f"{response.url} answered {response.status}, but not with JSON as agreed.")
        return request.key if self._goes_by_key() else reference

    def _goes_by_key(self) -> bool:
        return "key" in placeholders(self.config.status_url + self.config.cancel_url)

    def poll(self, reference: str, *, log_offset: int) -> DeployStatus:
        """See Deployer. `log_offset` counts characters of the service's log."""
        if not self.config.status_url:
            return DeployStatus(
                state=DeployState.RUNNING, sentence="Waiting for the service to report.", log_offset=log_offset
            )
        response = self._ask(self.config.status_url, reference)
        if response.status == 404:
            return DeployStatus(
                state=DeployState.UNKNOWN,
                sentence=f"{response.url} knows nothing of this deploy.",
                log_offset=log_offset,
            )
        _check_answered(response)
        return parse_report(response.body, log_offset=log_offset)

    def find(self, key: str) -> str | None:
        """See Deployer. Asks find_url, or status_url where that goes by the key."""
        url = self.config.find_url or (self.config.status_url if self._goes_by_key() else "")
        if not url:
            raise CannotTell("The service has no URL by which to find a deploy: a person must look.")
        response = self._ask(url, key)
        if response.status == 404:
            return None
        _check_answered(response)
        reference = _reference(response, key)
        if reference is None:
            raise Unavailable(f"{response.url} answered {response.status}, but not with JSON as agreed.")
        return key if self._goes_by_key() else reference

    def cancel(self, reference: str) -> None:
        """See Deployer. Refused when the service offers no way to."""
        if not self.config.cancel_url:
            raise Refused("The service offers no way to cancel.")
        url = _fill_url(self.config.cancel_url, reference)
        try:
            response = self._send("POST", url, {"reference": reference})
        except OutcomeUnknown as error:
            # To ask for a cancel again is harmless.
            raise Unavailable(str(error)) from None
        if response.status == 429 or response.status >= 500:
            raise Unavailable(f"{response.url} answered {response.status}{_detail(response)}.")
        if not 200 <= response.status < 300:
            raise Refused(f"{response.url} answered {response.status}{_detail(response)}.")

    def _ask(self, template: str, value: str) -> http.Response:
        try:
            return self._send("GET", _fill_url(template, value), None, retry=True)
        except (OutcomeUnknown, Refused) as error:
            # Nothing is changed by asking, so not to know is merely to have no answer.
            raise Unavailable(str(error)) from None

    def _send(
        self,
        method: str,
        url: str,
        message: Mapping[str, str] | None,
        *,
        headers: Mapping[str, str] | None = None,
        retry: bool = False,
        send_before: float | None = None,
    ) -> http.Response:
        secret = read_secret(self.config.connection)
        body = b"" if message is None else json.dumps(message).encode()
        sent = {"Accept": "application/json", **(headers or {}), **signed_headers(secret, body, now=time.time())}
        if body:
            sent["Content-Type"] = "application/json"
        return http.request(method, url, headers=sent, body=body, retry=retry, send_before=send_before)


def parse_report(body: bytes, *, key: str = "", log_offset: int = 0) -> DeployStatus:
    """What a service says of a deploy, as the answer to a poll or in a report that it sent.

    Of its log only what is past `log_offset` (characters) is returned. With `key`, the report must name that key:
    a signature covers the body only, so this keeps a report from being sent again for another deploy.
    Raises Unavailable, with a sentence that may be sent back, when it makes no sense.
    """
    report = http.json_object(body)
    if report is None:
        raise Unavailable("The report is not a JSON object.")
    if key and report.get("key") != key:
        raise Unavailable("The report is not of this deploy: its key is another.")
    state = STATES.get(str(report.get("state")))
    if state is None:
        raise Unavailable(f"The report's state is none of {', '.join(STATES)}.")
    detail, log = report.get("detail") or "", report.get("log") or ""
    if not isinstance(detail, str) or not isinstance(log, str):
        raise Unavailable("The report's detail and log must be strings.")
    fresh = storable(log[log_offset:])
    return DeployStatus(state=state, sentence=one_line(detail, 500), log=fresh, log_offset=max(log_offset, len(log)))


def _fill_url(template: str, value: str) -> str:
    return fill(template, {"reference": value, "key": value}, quote=lambda text: quote(text, safe=""))


def _reference(response: http.Response, key: str) -> str | None:
    """The service's reference, the key where it gives none, and None for an answer that makes no sense."""
    answer = response.json_object()
    if answer is None or answer.get("key", key) != key:
        return None
    reference = answer.get("reference", key)
    usable = isinstance(reference, str) and 0 < len(reference) <= REFERENCE_LIMIT and reference == storable(reference)
    return reference if usable else None


def _check_accepted(response: http.Response) -> None:
    """Raises what an answer other than 2xx to a start means."""
    status = response.status
    if 200 <= status < 300:
        return
    sentence = f"{response.url} answered {status}{_detail(response)}."
    if status in ASK_AGAIN:
        raise Unavailable(sentence)
    if 400 <= status < 500 or status in MOVED:
        raise Refused(sentence)
    raise OutcomeUnknown(sentence)


def _check_answered(response: http.Response) -> None:
    if response.status != 200:
        raise Unavailable(f"{response.url} answered {response.status}{_detail(response)}.")
    if response.truncated:
        raise Unavailable(f"{response.url} answered with more than {http.BODY_LIMIT // 1024} KiB.")


def _detail(response: http.Response) -> str:
    """What the service gives as the reason, in short, to go after the status."""
    if 300 <= response.status < 400:
        return f", a redirect to {http.shown_url(response.headers.get('Location', ''))}, which is not followed"
    answer = response.json_object() or {}
    words = next((answer[name] for name in ("detail", "error") if isinstance(answer.get(name), str)), "")
    return f": {one_line(words, 200).rstrip('.')}" if words else ""
