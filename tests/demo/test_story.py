import io

import pytest

from demo.ci import Json
from demo.preflight import DemoError
from demo.story import Line
from demo.terminal import Terminal

STARTED, FINISHED = "2026-11-24T09:00:00Z", "2026-11-24T09:00:02.500000Z"


class FakeApi:
    """Answers as Deployer's API does. Its answers change as a test sets them."""

    def __init__(self) -> None:
        self.promotions: dict[int, Json] = {}

    def application(self) -> Json:
        moving = [one for one in self.promotions.values() if one["state"] in ("deploying", "verifying")]
        return {"environments": [{"moving": one, "waiting": []} for one in moving], "holds": []}

    def promotion(self, number: int) -> Json:
        return self.promotions[number]


def promotion(number: int, environment: str, state: str, *, version: str = "1.0.0", outcome: str = "") -> Json:
    ended = state in ("succeeded", "failed")
    return {
        "id": number,
        "version": version,
        "environment": environment,
        "state": state,
        "outcome": outcome,
        "blockers": [{"sentence": "staging is frozen."}] if state == "waiting" else [],
        "started_at": STARTED,
        "finished_at": FINISHED if ended else None,
        "url": f"http://127.0.0.1/promotions/{number}/",
        "steps": [],
    }


@pytest.fixture
def api() -> FakeApi:
    return FakeApi()


@pytest.fixture
def stream() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def line(api: FakeApi, stream: io.StringIO) -> Line:
    return Line(Terminal(stream), api, "1.0.0")  # type: ignore[arg-type]  # no need of HTTP here


def test_each_state_is_told_once_with_the_time_it_took(line: Line, api: FakeApi, stream: io.StringIO) -> None:
    for state in ("deploying", "deploying", "succeeded"):
        api.promotions[1] = promotion(1, "integration", state)
        line.add(api.promotions[1])
        line.look()
    line.look()

    told = [text[10:] for text in stream.getvalue().splitlines()]
    assert told == ["           integration  deploying", "    2.5 s  integration  succeeded"]


def test_why_it_waits_is_told(line: Line, api: FakeApi, stream: io.StringIO) -> None:
    api.promotions[1] = promotion(1, "staging", "waiting")
    line.add(api.promotions[1])
    line.look()

    assert "staging      waiting: staging is frozen." in stream.getvalue()


def test_a_step_is_told_when_it_has_ended(line: Line, api: FakeApi, stream: io.StringIO) -> None:
    step = {"position": 1, "name": "smoke test", "sentence": "200.", "started_at": STARTED, "finished_at": FINISHED}
    api.promotions[1] = promotion(1, "staging", "verifying") | {"steps": [step | {"state": "passed"}]}
    line.add(api.promotions[1])
    line.look()
    line.look()

    assert stream.getvalue().count("2.5 s  staging      smoke test passed: 200.") == 1


def test_the_next_environment_is_found_and_other_versions_are_not(line: Line, api: FakeApi) -> None:
    api.promotions = {
        1: promotion(1, "integration", "succeeded"),
        2: promotion(2, "staging", "deploying"),
        3: promotion(3, "integration", "deploying", version="2.0.0"),
    }
    line.add(api.promotions[1])
    line.look()

    assert set(line.promotions) == {1, 2}
    assert not line.reached("staging", "succeeded")


def test_the_end_that_is_waited_for_is_seen(line: Line, api: FakeApi) -> None:
    api.promotions[1] = promotion(1, "staging", "failed")
    line.add(api.promotions[1])
    line.look()

    assert line.reached("staging", "failed")


def test_an_end_that_should_not_be_is_an_error(line: Line, api: FakeApi) -> None:
    api.promotions[1] = promotion(1, "integration", "failed", outcome="smoke test: got 500.")
    line.add(api.promotions[1])
    line.look()

    with pytest.raises(DemoError, match=r"1\.0\.0 failed in integration: http://127\.0\.0\.1/promotions/1/"):
        line.reached("staging", "failed")
