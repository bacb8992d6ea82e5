"""What must be true when all is over, whatever was done to the stack meanwhile. Pure: no database, no process."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

Place = tuple[str, str]
"""An application and an environment."""


class FaultError(Exception):
    """The run did not end as it must; the message says how."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """A promotion as Deployer has it; `key` is its deploy's."""

    application: str
    version: str
    environment: str
    state: str
    outcome: str
    key: str

    def __str__(self) -> str:
        return f"{self.application} {self.version} to {self.environment}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Outside:
    """What the backend saw: how often each key was started, every start in order, what is live where, and how
    often it was asked whether it had started a key."""

    starts: Mapping[str, int]
    started: Sequence[tuple[str, str, str]]
    live: Mapping[Place, str]
    look_ups: int = 0

    @property
    def started_twice(self) -> list[str]:
        return [key for key, times in self.starts.items() if times > 1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """Every version of every application in every environment, versions in their order."""

    applications: Sequence[str]
    versions: Sequence[str]
    environments: Sequence[str]

    @property
    def promotions(self) -> int:
        return len(self.applications) * len(self.versions) * len(self.environments)

    def places(self) -> Iterator[Place]:
        return ((application, environment) for application in self.applications for environment in self.environments)


def problems(expected: Expected, endings: Sequence[Ending], live: Mapping[Place, str], outside: Outside) -> list[str]:
    """One sentence for each thing that is not as it must be. `live` is what Deployer says is live where."""
    return [
        *_lost_or_stopped(expected, endings),
        *_not_started_once(endings, outside),
        *_backwards(expected, outside),
        *_not_newest(expected, live, "Deployer"),
        *_not_newest(expected, outside.live, "the backend"),
    ]


def _lost_or_stopped(expected: Expected, endings: Sequence[Ending]) -> Iterator[str]:
    for ending in endings:
        if ending.state != "succeeded":
            yield f"{ending} is {ending.state}: {ending.outcome or 'it has no outcome'}"
    found = Counter((ending.application, ending.version, ending.environment) for ending in endings)
    for application, environment in expected.places():
        for version in expected.versions:
            times = found.pop((application, version, environment), 0)
            if times != 1:
                yield f"{application} {version} to {environment} has {times} promotions instead of one."
    yield from (f"{' '.join(place)} has a promotion that nobody asked for." for place in found)


def _not_started_once(endings: Sequence[Ending], outside: Outside) -> Iterator[str]:
    for key in outside.started_twice:
        yield f"The key {key} was started {outside.starts[key]} times."
    for ending in endings:
        if ending.state == "succeeded" and ending.key not in outside.starts:
            yield f"{ending} succeeded, but the backend never saw its key {ending.key}."
    for key in set(outside.starts) - {ending.key for ending in endings}:
        yield f"The backend was given the key {key}, which no promotion has."


def _backwards(expected: Expected, outside: Outside) -> Iterator[str]:
    order = {version: number for number, version in enumerate(expected.versions)}
    history: dict[Place, list[str]] = defaultdict(list)
    for application, version, environment in outside.started:
        history[application, environment].append(version)
    for (application, environment), versions in history.items():
        for before, after in pairwise(versions):
            if order[after] < order[before]:
                yield f"{application} in {environment} went backwards from {before} to {after}."


def _not_newest(expected: Expected, live: Mapping[Place, str], who: str) -> Iterator[str]:
    for application, environment in expected.places():
        version = live.get((application, environment), "nothing")
        if version != expected.versions[-1]:
            yield f"By {who}, {version} is live of {application} in {environment}."
