"""What the steps of a promotion printed and measured."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from deployer.integrations.checks.base import Outcome, Reading
from deployer.web.sample import words
from deployer.web.sample.estate import Place
from deployer.web.sample.history import Run


@dataclass(frozen=True, slots=True)
class Planned:
    """A step, and its share of the time that the promotion takes."""

    kind: str
    name: str
    share: float
    spec: dict[str, Any]


@dataclass(slots=True)
class Observed:
    sentence: str
    measurements: list[tuple[Any, ...]] = field(default_factory=list)
    log: list[tuple[Any, ...]] = field(default_factory=list)
    baseline: dict[str, Any] = field(default_factory=dict)


_DEPLOY = {"kind": "command", "config": {"program": "sample-deploy", "timeout_seconds": 300}, "timeout": 600}
_LIMITS = {"failure_limit": 1, "error_limit": 5, "timeout": 300}


def _command(argument: str, samples: int) -> dict[str, Any]:
    config = {"program": "sample-check", "args": [argument], "timeout_seconds": 60}
    return {"kind": "command", "config": config, "interval": 20, "samples": samples, **_LIMITS}


def planned(place: Place) -> Iterator[Planned]:
    yield Planned("deploy", "Deploy", 0.55, _DEPLOY)
    yield Planned("check", "Smoke test", 0.15, _command("smoke", 1))
    health = {"path": f"{settings.BASE_URL}/healthz", "timeout_seconds": 2}
    yield Planned("check", "Health", 0.1, {"kind": "http", "config": health, "interval": 15, "samples": 2, **_LIMITS})
    if place.is_production:
        yield Planned("check", "Error rate", 0.2, _command("error-rate", 3))
    if place.soak:
        yield Planned("soak", "Soak", 0, {"seconds": place.soak})


def observed(step: Planned, run: Run, rng: random.Random, *, at: datetime, until: datetime, failed: bool) -> Observed:
    """Of one that has ended."""
    if step.kind == "soak":
        return Observed("")
    app, version = run.arrival.app.slug, run.arrival.version
    if step.kind == "deploy":
        begin, end = words.deploy_log(app, version, run.place.environment)
        sentence = "sample-deploy exited with code 1." if failed else "sample-deploy exited with code 0."
        return Observed(sentence, log=[(at, begin), (until, words.failed_log(app) if failed else end)])
    number = step.spec["samples"]
    times = [at + (until - at) * (place + 1) / number for place in range(number)]
    made = [
        (moment, reading(step.name, rng, bad=failed and place == number - 1, app=app, where=run.place.environment))
        for place, moment in enumerate(times)
    ]
    rows = [(moment, str(one.outcome), one.sentence, dict(one.evidence), ms) for moment, (one, ms) in made]
    baseline = {"value": round(rng.uniform(0.2, 0.5), 2)} if step.name == "Error rate" else {}
    return Observed(made[-1][1][0].sentence, measurements=rows, baseline=baseline)


def reading(name: str, rng: random.Random, *, bad: bool, app: str, where: str) -> tuple[Reading, int]:
    """One observation of the check of this name, and how long it took in milliseconds."""
    outcome = Outcome.FAILED if bad else Outcome.PASSED
    match name:
        case "Health":
            elapsed = round(rng.lognormvariate(4.6, 0.4))
            url, status = f"https://{app}.{where}.example.org/healthcheck/ready", 503 if bad else 200
            says = f"{url} answered 200 as expected." if not bad else f"Expected status 200 from {url}, got 503."
            body = (
                '{"status": "critical", "checks": {"database": {"status": "critical"}}}' if bad else '{"status": "ok"}'
            )
            evidence = {"url": url, "status": status, "elapsed_ms": elapsed, "body": body}
            return Reading(outcome=outcome, sentence=says, evidence=evidence), elapsed
        case "Error rate":
            value = round(rng.uniform(2.1, 4.5) if bad else rng.uniform(0.1, 0.7), 2)
            evidence = {"value": value, "limit": 1.0, "unit": "%", "output": f"error rate {value} %\n"}
            says = f"{value} % of requests ended with an error, {'above' if bad else 'within'} the limit of 1 %."
            return Reading(outcome=outcome, sentence=says, evidence=evidence), rng.randrange(150, 900)
        case _:
            failed = "sample-check exited with code 1: 3 of 12 scenarios failed."
            ok = "12 scenarios (12 passed)\n84 steps (84 passed)\n"
            no = "12 scenarios (3 failed, 9 passed)\n  Publish a guide: expected 200, got 500\n"
            evidence = {"returncode": int(bad), "output": no if bad else ok}
            says = failed if bad else "sample-check exited with code 0."
            return Reading(outcome=outcome, sentence=says, evidence=evidence), rng.randrange(9_000, 20_000)


def many(rng: random.Random, number: int, *, until: datetime) -> Sequence[tuple[Any, ...]]:
    """So many measurements of an error rate, five seconds apart."""
    rows = []
    for place in range(number):
        one, ms = reading("Error rate", rng, bad=False, app="", where="")
        at = until - timedelta(seconds=5) * (number - place)
        rows.append((at, str(one.outcome), one.sentence, dict(one.evidence), ms))
    return rows
