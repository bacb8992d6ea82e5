"""Checks a service by one HTTP request: its status, its words, and that it is the very version that was deployed.

What the outcomes mean here: a service that refuses the connection, breaks it or does not answer in time is bad, so
that is `failed`. `errored` is for what tells nothing of the service: no URL, a name that can't be resolved, no
trusted TLS connection, an answer too long to judge, a release that has no commit to compare with.
"""

import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from deployer.integrations import http
from deployer.integrations.checks.base import CheckContext, Outcome, Reading
from deployer.integrations.errors import AdapterError, OutcomeUnknown
from deployer.integrations.placeholders import check_placeholders, fill, placeholders
from deployer.integrations.text import one_line, storable

PLACEHOLDERS = frozenset({"version", "commit"})
SHOWN_BODY = 500


def _check_path(path: str) -> str:
    if path.startswith("/"):
        if path.startswith("//"):
            raise ValueError("must not begin with two slashes")
        return path
    http.check_url(path)
    return path


def _check_text(text: str) -> str:
    check_placeholders(text, PLACEHOLDERS)
    return text


def _check_values(values: dict[str, str]) -> dict[str, str]:
    for text in values.values():
        check_placeholders(text, PLACEHOLDERS)
    return values


Expected = Annotated[dict[str, str], AfterValidator(_check_values)]


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class HttpConfig:
    """`path` is joined to the target's URL, or is a URL of its own. Expected texts may hold {version} and {commit}.
    `expect_json` maps a dotted path (`build.commit`, `nodes.0.state`) to the value's text, true and null as in JSON."""

    path: Annotated[str, AfterValidator(_check_path)] = "/"
    expect_status: Annotated[int, Field(ge=200, le=599)] = 200
    expect_text: Annotated[str, AfterValidator(_check_text)] = ""
    expect_json: Expected = Field(default_factory=dict)
    expect_header: Expected = Field(default_factory=dict)
    timeout_seconds: Annotated[float, Field(gt=0, le=60)] = 5


@dataclasses.dataclass(frozen=True, slots=True)
class Mismatch:
    """An expectation that is not met, in words."""

    expected: str
    got: str
    of_body: bool = False


class HttpCheck:
    """One GET, judged by its status, headers and body. Redirects are not followed; one can be expected."""

    kind: ClassVar[str] = "http"
    label: ClassVar[str] = "HTTP request"
    Config: ClassVar[type[Any]] = HttpConfig

    def __init__(self, config: HttpConfig) -> None:
        self.config = config

    @property
    def longest_seconds(self) -> float:
        return self.config.timeout_seconds

    def baseline(self, context: CheckContext) -> Mapping[str, Any]:
        """None is needed."""
        return {}

    def measure(self, context: CheckContext, baseline: Mapping[str, Any]) -> Reading:
        """See Check, and the module for what the outcomes mean."""
        values = {"version": context.version, "commit": context.commit}
        for name in sorted(self._placeholders()):
            if not values[name]:
                # An empty text is found in every answer; no data is never a pass.
                return Reading(outcome=Outcome.ERRORED, sentence=f"The release has no {name} to compare with.")
        url = self._url(context.target_url)
        if not url:
            return Reading(outcome=Outcome.ERRORED, sentence="The target has no URL to check.")
        evidence = {"url": http.shown_url(url)}
        try:
            response = http.request("GET", url, timeout=self.config.timeout_seconds)
        except (http.Unreachable, OutcomeUnknown) as error:
            return Reading(outcome=Outcome.FAILED, sentence=str(error), evidence=evidence)
        except AdapterError as error:
            return Reading(outcome=Outcome.ERRORED, sentence=str(error), evidence=evidence)
        return self._judge(response, values)

    def _placeholders(self) -> set[str]:
        config = self.config
        texts = [config.expect_text, *config.expect_json.values(), *config.expect_header.values()]
        return set().union(*map(placeholders, texts))

    def _url(self, target_url: str) -> str:
        if not self.config.path.startswith("/"):
            return self.config.path
        return target_url.rstrip("/") + self.config.path if target_url else ""

    def _judge(self, response: http.Response, values: Mapping[str, str]) -> Reading:
        evidence = {
            "url": response.url,
            "status": response.status,
            "elapsed_ms": response.elapsed_ms,
            "body": storable(response.text[:SHOWN_BODY]),
        }
        mismatch = next(self._mismatches(response, values), None)
        if mismatch is None:
            sentence = f"{response.url} answered {response.status} as expected."
            return Reading(outcome=Outcome.PASSED, sentence=sentence, evidence=evidence)
        if mismatch.of_body and response.truncated:
            sentence = f"The answer of {response.url} is longer than {http.BODY_LIMIT // 1024} KiB: it can't be judged."
            return Reading(outcome=Outcome.ERRORED, sentence=sentence, evidence=evidence)
        sentence = f"Expected {mismatch.expected} from {response.url}, got {mismatch.got}."
        return Reading(outcome=Outcome.FAILED, sentence=sentence, evidence=evidence)

    def _mismatches(self, response: http.Response, values: Mapping[str, str]) -> Iterator[Mismatch]:
        """What is not as expected, the plainest first."""
        if response.status != self.config.expect_status:
            yield Mismatch(f"status {self.config.expect_status}", _status(response))
        for name, template in self.config.expect_header.items():
            header, got = fill(template, values), response.headers.get(name)
            if got != header:
                yield Mismatch(f"the header {name} to be {_quoted(header)}", _quoted(got))
        text = fill(self.config.expect_text, values)
        if text not in response.text:
            yield Mismatch(f"the text {_quoted(text)}", f"an answer without it: {_quoted(response.text)}", of_body=True)
        if self.config.expect_json:
            yield from self._json_mismatches(response, values)

    def _json_mismatches(self, response: http.Response, values: Mapping[str, str]) -> Iterator[Mismatch]:
        answer = response.json_object()
        if answer is None:
            yield Mismatch("a JSON object", _quoted(response.text), of_body=True)
            return
        for path, template in self.config.expect_json.items():
            expected, got = fill(template, values), _look_up(answer, path)
            if got != expected:
                yield Mismatch(f"{path} to be {_quoted(expected)}", _quoted(got), of_body=True)


def _status(response: http.Response) -> str:
    location = response.headers.get("Location")
    return f"{response.status}, a redirect to {http.shown_url(location)}" if location else str(response.status)


def _quoted(text: str | None) -> str:
    return "nothing" if text is None else f"“{one_line(text, 100)}”"


def _look_up(answer: Any, path: str) -> str | None:
    """The text of the value at a dotted path; None when there is none."""
    for part in path.split("."):
        if isinstance(answer, dict) and part in answer:
            answer = answer[part]
        elif isinstance(answer, list) and part.isdecimal() and int(part) < len(answer):
            answer = answer[int(part)]
        else:
            return None
    return answer if isinstance(answer, str) else json.dumps(answer)
