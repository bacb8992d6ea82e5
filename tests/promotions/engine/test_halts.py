"""A host that stands still while it works: every time-out passes meanwhile, which says nothing of a release."""

import time
from collections.abc import Mapping
from typing import Any

import pytest

from deployer.integrations.checks.base import CheckContext, Outcome, Reading
from deployer.integrations.checks.http import HttpCheck
from deployer.integrations.registry import CHECKS
from deployer.promotions.models import Measurement
from tests.scene import Scene

HALT_SECONDS = 3600


class CheckDuringAHalt(HttpCheck):
    """Its host was halted for an hour in the middle of the first measurement, which therefore failed."""

    halts = 1

    def measure(self, context: CheckContext, baseline: Mapping[str, Any]) -> Reading:
        if CheckDuringAHalt.halts == 0:
            return super().measure(context, baseline)
        CheckDuringAHalt.halts -= 1
        awake = time.monotonic
        time.monotonic = lambda: awake() + HALT_SECONDS
        return Reading(outcome=Outcome.FAILED, sentence="It took no connection in time.")


def test_a_measurement_that_failed_during_a_halt_is_made_again(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "monotonic", time.monotonic)  # put back when the test ends
    monkeypatch.setattr(CheckDuringAHalt, "halts", 1)
    monkeypatch.setitem(CHECKS, "http", CheckDuringAHalt)

    release = scene.register(scene.application(environments=1))
    scene.run(60)

    assert scene.states(release) == {"integration": "succeeded"}
    halted, made_again = Measurement.objects.order_by("id")
    assert halted.outcome == Outcome.ERRORED
    assert "stood still" in halted.sentence
    assert made_again.outcome == Outcome.PASSED
