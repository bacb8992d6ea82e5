"""Checks by running a program of the operator's and taking its exit code as the verdict."""

import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from deployer.integrations import runs
from deployer.integrations.checks.base import CheckContext, Outcome, Reading
from deployer.integrations.errors import AdapterError, Unavailable
from deployer.integrations.programs import (
    ProgramName,
    arguments,
    arguments_checker,
    command_dir,
    environment,
    find_program,
)
from deployer.integrations.text import json_tail

PLACEHOLDERS = frozenset({"application", "environment", "version", "commit", "url", "key"})
GRACE_SECONDS = 2.0
OUTPUT_BYTES = 64 * 1024
EVIDENCE_BYTES = 7 * 1024
SPARE_SECONDS = 30
"""What starting and ending may take on a busy machine, beyond the program's own time."""


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class CommandCheckConfig:
    """`args` may hold the placeholders; the same values are in the program's environment as DEPLOY_APPLICATION…
    The worker waits for the program, so `timeout_seconds` stays below the 300 s that a job may take."""

    program: ProgramName
    args: Annotated[tuple[str, ...], AfterValidator(arguments_checker(PLACEHOLDERS))] = ()
    timeout_seconds: Annotated[int, Field(ge=1, le=240)] = 60


class CommandCheck:
    """Runs a program to its end. Exit code 0 is passed, 75 (EX_TEMPFAIL) inconclusive, any other failed.

    A program that could not be run, ran out of time or was killed by a signal gave no verdict: errored. It is
    supervised, so that it and all of its process group end with its time, and with the worker that waits for it.
    """

    kind: ClassVar[str] = "command"
    label: ClassVar[str] = "Command"
    Config: ClassVar[type[Any]] = CommandCheckConfig

    def __init__(self, config: CommandCheckConfig) -> None:
        self.config = config

    @property
    def longest_seconds(self) -> float:
        return self.config.timeout_seconds + GRACE_SECONDS + SPARE_SECONDS

    def baseline(self, context: CheckContext) -> Mapping[str, Any]:
        """None is needed."""
        return {}

    def measure(self, context: CheckContext, baseline: Mapping[str, Any]) -> Reading:
        """See Check. Takes as long as the program does."""
        try:
            return self._run(context)
        except AdapterError as error:
            return Reading(outcome=Outcome.ERRORED, sentence=str(error))
        except OSError as error:
            sentence = f"{self.config.program} could not be run: {error.strerror or error}."
            return Reading(outcome=Outcome.ERRORED, sentence=sentence)

    def _run(self, context: CheckContext) -> Reading:
        values = {
            "application": context.application,
            "environment": context.environment,
            "version": context.version,
            "commit": context.commit,
            "url": context.target_url,
            "key": context.key,
        }
        argv = [
            str(find_program(self.config.program)),
            *arguments(self.config.program, self.config.args, values),
        ]
        run = runs.Run(Path(tempfile.mkdtemp(prefix=runs.CHECK_PREFIX, dir=runs.runs_dir())))
        try:
            run.prepare(
                argv=argv,
                env=environment(values),
                cwd=command_dir(),
                timeout_seconds=self.config.timeout_seconds,
                grace_seconds=GRACE_SECONDS,
                keep_head=0,
                keep_tail=OUTPUT_BYTES,
            )
            run.attend(self.config.timeout_seconds + GRACE_SECONDS + SPARE_SECONDS)
            return self._reading(run)
        finally:
            run.remove()

    def _reading(self, run: runs.Run) -> Reading:
        ending = run.ending()
        if ending is None:
            raise Unavailable(f"The supervisor of {self.config.program} died before it wrote down how it ended.")
        output, _ = run.read_log(0, None)
        return Reading(
            outcome=_outcome(ending),
            sentence=f"{self.config.program} {ending.sentence or runs.describe_exit(ending.returncode)}.",
            evidence={"returncode": ending.returncode, "output": json_tail(output, EVIDENCE_BYTES)},
        )


def _outcome(ending: runs.Ending) -> Outcome:
    if ending.reason != "exited" or ending.returncode is None or ending.returncode < 0:
        return Outcome.ERRORED
    return {0: Outcome.PASSED, os.EX_TEMPFAIL: Outcome.INCONCLUSIVE}.get(ending.returncode, Outcome.FAILED)
