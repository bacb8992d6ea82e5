"""The story of `make demo`: one release reaches production, the next one breaks in staging and goes no further.

What it says of the services was seen by asking them over HTTP; what it says of Deployer was read from its API.
"""

import time
from datetime import datetime
from pathlib import Path

from demo.ci import Api, Json, build, release_of
from demo.deploy import answered_version
from demo.preflight import DemoError
from demo.sample import SERVICE, TEAM_EMAIL
from demo.stack import Stack
from demo.terminal import BOLD, GREEN, RED, YELLOW, Terminal

FINISHED = ("succeeded", "failed", "errored", "aborted", "superseded")
STEP_FINISHED = ("passed", "failed", "errored", "skipped")
COLOURS = {"passed": GREEN, "succeeded": GREEN, "failed": RED, "errored": RED, "waiting": YELLOW}
RELEASE_SECONDS = 120.0
TOLD_SECONDS = 30.0


class Story:
    """`ports` is where each environment's service answers, in the order of the environments."""

    def __init__(self, terminal: Terminal, stack: Stack, api: Api, ports: dict[str, int]) -> None:
        self.terminal = terminal
        self.stack = stack
        self.api = api
        self.ports = ports

    def tell(self) -> None:
        """Raises DemoError as soon as something is not as it should be, InterruptError when asked to stop."""
        self.good_release("1.0.0")
        self.bad_release("2.0.0", before="1.0.0")
        self.who_was_told()

    def good_release(self, version: str) -> None:
        self.terminal.heading(f"Release 1: {version} goes to production by itself")
        started = time.monotonic()
        promotion = self.register(version, "Show the version on the front page")
        self.follow(version, promotion, until=("production", "succeeded"))
        self.expect(dict.fromkeys(self.ports, version))
        self.terminal.line("all", f"{version} is everywhere", seconds=time.monotonic() - started, colour=BOLD)

    def bad_release(self, version: str, *, before: str) -> None:
        self.terminal.heading(f"Release 2: {version} breaks in staging, and the line stops there")
        promotion = self.register(version, "Take payments", breaks_in="staging")
        self.follow(version, promotion, until=("staging", "failed"))
        self.expect({"integration": version, "staging": version, "production": before})
        held = [hold for target in self.api.application()["environments"] for hold in target["holds"]]
        held += self.api.application()["holds"]
        if not held:
            raise DemoError(f"{version} failed in staging, but the line is not on hold.")

    def register(self, version: str, change: str, *, breaks_in: str = "") -> Json:
        """Build the release and register it, as CI does at the end of its run; returns its first promotion."""
        commit = build(self.stack.root, version, breaks_in=breaks_in)
        release = release_of(version, commit, change)
        with self.terminal.timed("CI", f"POST {self.api.url}/releases: registered {version}, commit {commit[:12]}"):
            promotions = self.api.register(release)["promotions"]
        if not promotions:
            raise DemoError(f"Registering {version} started no promotion.")
        first: Json = promotions[0]
        return first

    def follow(self, version: str, first: Json, *, until: tuple[str, str]) -> None:
        """Tell of the version's promotions as they go, until the one to that environment ends in that state.

        Raises DemoError when one ends where it should go on, or when it takes too long.
        """
        line = Line(self.terminal, self.api, version)
        line.add(first)

        def is_over() -> bool:
            line.look()
            return line.reached(*until)

        self.stack.wait_until(is_over, f"The way of {version} to {until[0]}", seconds=RELEASE_SECONDS)

    def expect(self, versions: dict[str, str]) -> None:
        """Ask every service for its version. Raises DemoError unless each answers with the one given."""
        for environment, version in versions.items():
            answered = answered_version(self.ports[environment])
            url = f"http://127.0.0.1:{self.ports[environment]}/"
            if answered != version:
                raise DemoError(f"{url} ({environment}) answers with version {answered}, not {version}.")
            self.terminal.line(environment, f"{url} answers with version {version}")

    def who_was_told(self) -> None:
        """Raises DemoError when the owning team has not been told in time, or nothing says how to go on."""
        self.terminal.heading("Who was told, and how to go on: manage.py status sample-service")
        self.stack.wait_until(lambda: bool(self.mails()), "Telling the owning team", seconds=TOLD_SECONDS)
        self.stack.wait_until(lambda: "being told" not in self.status(), "Telling everyone", seconds=TOLD_SECONDS)
        status = self.status()
        self.terminal.block(status)
        if "unhold" not in status:
            raise DemoError("`manage.py status` names no command that lifts the hold.")
        for path in self.mails():
            self.terminal.line("e-mail", str(path))

    def status(self) -> str:
        return self.stack.manage("status", SERVICE)

    def mails(self) -> list[Path]:
        """The files of the e-mails that the owning team got."""
        files = sorted((self.stack.root / "mail").glob("*"))
        return [path for path in files if f"To: {TEAM_EMAIL}" in path.read_text()]


class Line:
    """The promotions of one version, as last seen."""

    def __init__(self, terminal: Terminal, api: Api, version: str) -> None:
        self.terminal = terminal
        self.api = api
        self.version = version
        self.promotions: dict[int, Json] = {}

    def add(self, promotion: Json) -> None:
        self.promotions.setdefault(promotion["id"], {"state": "", "environment": promotion["environment"], "steps": []})

    def look(self) -> None:
        """Ask the API, and tell what is new."""
        for target in self.api.application()["environments"]:
            for promotion in filter(None, [target["moving"], *target["waiting"]]):
                if promotion["version"] == self.version:
                    self.add(promotion)
        for number, known in list(self.promotions.items()):
            if known["state"] not in FINISHED:
                self.promotions[number] = self.api.promotion(number)
                self.tell(known, self.promotions[number])

    def tell(self, known: Json, now: Json) -> None:
        environment = now["environment"]
        told = {step["position"] for step in known["steps"] if step["state"] in STEP_FINISHED}
        for step in now["steps"]:
            if step["state"] in STEP_FINISHED and step["position"] not in told:
                text = f"{step['name']} {step['state']}: {step['sentence']}"
                self.terminal.line(environment, text, seconds=duration(step), colour=COLOURS.get(step["state"], ""))
        if now["state"] != known["state"]:
            text = ": ".join(filter(None, [now["state"], now["outcome"], *why_waiting(now)]))
            self.terminal.line(environment, text, seconds=duration(now), colour=COLOURS.get(now["state"], ""))

    def reached(self, environment: str, state: str) -> bool:
        """Raises DemoError when a promotion has ended where it should not."""
        for promotion in self.promotions.values():
            if promotion["environment"] == environment and promotion["state"] == state:
                return True
            if promotion["state"] in FINISHED and promotion["state"] != "succeeded":
                raise DemoError(
                    f"{self.version} {promotion['state']} in {promotion['environment']}: {promotion['url']}"
                )
        return False


def why_waiting(promotion: Json) -> list[str]:
    return [blocker["sentence"] for blocker in promotion["blockers"]] if promotion["state"] == "waiting" else []


def duration(row: Json) -> float | None:
    """The seconds between start and end of a promotion or step; None when it has not ended or never started."""
    if not row["started_at"] or not row["finished_at"]:
        return None
    return (datetime.fromisoformat(row["finished_at"]) - datetime.fromisoformat(row["started_at"])).total_seconds()
