"""Deploys by running a program of the operator's on this machine."""

from datetime import timedelta
from typing import Annotated, Any, ClassVar

from django.conf import settings
from pydantic import AfterValidator, ConfigDict, Field
from pydantic.dataclasses import dataclass

from deployer.integrations import runs
from deployer.integrations.deploy.base import DeployRequest, DeployState, DeployStatus
from deployer.integrations.errors import Refused, Unavailable
from deployer.integrations.programs import (
    ProgramName,
    arguments,
    arguments_checker,
    command_dir,
    environment,
    find_program,
)
from deployer.integrations.text import storable

PLACEHOLDERS = frozenset({"application", "environment", "version", "commit", "previous_version", "url", "key"})
LOG_HEAD_BYTES = 1024 * 1024
LOG_TAIL_BYTES = 16 * 1024
LOG_POLL_BYTES = 64 * 1024
START_SECONDS = 60
"""How long after a run was prepared a poll waits for its start before it rules one out."""


@dataclass(frozen=True, kw_only=True, config=ConfigDict(extra="forbid"))
class CommandConfig:
    """`args` may hold the placeholders; the same values are in the program's environment as DEPLOY_APPLICATION…"""

    program: ProgramName
    args: Annotated[tuple[str, ...], AfterValidator(arguments_checker(PLACEHOLDERS))] = ()
    timeout_seconds: Annotated[int, Field(ge=1, le=86_400)] = 900
    grace_seconds: Annotated[float, Field(ge=0, le=600, allow_inf_nan=False)] = 10


class CommandDeployer:
    """Runs a program under a supervisor of its own, so that neither outlives nor needs the worker that started it.

    The attempt's key is the reference. The program starts at most once a key, however often `start` is called:
    calling it again after a crash is safe. All workers that use this must run on one machine.
    """

    kind: ClassVar[str] = "command"
    label: ClassVar[str] = "Command"
    Config: ClassVar[type[Any]] = CommandConfig

    def __init__(self, config: CommandConfig) -> None:
        self.config = config

    def start(self, request: DeployRequest) -> str:
        """See Deployer. Refused also means: the program may not or can't be run."""
        if not runs.KEY.fullmatch(request.key):
            raise Refused("The attempt's key is not 32 hex digits.")
        run = runs.Run(runs.runs_dir() / request.key)
        if run.is_buried():
            raise Refused("This attempt was given up before its command started.")
        if not run.has_started():
            self._launch(run, request)
        return request.key

    def _launch(self, run: runs.Run, request: DeployRequest) -> None:
        values = {
            "application": request.application,
            "environment": request.environment,
            "version": request.version,
            "commit": request.commit,
            "previous_version": request.previous_version,
            "url": request.target_url,
            "key": request.key,
        }
        program = find_program(self.config.program)
        run.prepare(
            argv=[str(program), *arguments(self.config.program, self.config.args, values)],
            env=environment(values),
            cwd=command_dir(),
            timeout_seconds=self.config.timeout_seconds,
            grace_seconds=self.config.grace_seconds,
            keep_head=LOG_HEAD_BYTES,
            keep_tail=LOG_TAIL_BYTES,
        )
        run.launch(request.deadline)

    def poll(self, reference: str, *, log_offset: int) -> DeployStatus:
        """See Deployer. `log_offset` counts bytes; with the end comes all that is left of the log."""
        run = _existing(reference)
        if run is None:
            return DeployStatus(
                state=DeployState.UNKNOWN,
                sentence=f"Nothing is known of this run of {self.config.program} on this machine.",
                log_offset=log_offset,
            )
        try:
            state, sentence = self._state(run)
            limit = LOG_POLL_BYTES if state is DeployState.RUNNING else None
            log, next_offset = run.read_log(log_offset, limit)
        except OSError as error:
            raise Unavailable(f"The run directory can't be read: {error.strerror}.") from error
        return DeployStatus(state=state, sentence=sentence, log=storable(log), log_offset=next_offset)

    def _state(self, run: runs.Run) -> tuple[DeployState, str]:
        program = self.config.program
        if not run.has_started():
            if run.seconds_unchanged() < START_SECONDS:
                return DeployState.RUNNING, f"{program} is about to start."
            run.bury()
        if run.is_buried():
            return DeployState.FAILED, f"{program} could not be started."
        # Asked in this order, as a supervisor may write the ending and go between two questions.
        supervised = run.is_supervised()
        ending = run.ending()
        if ending:
            return self._ended(ending)
        if supervised:
            return DeployState.RUNNING, f"{program} is running."
        return (
            DeployState.UNKNOWN,
            f"{program} was started, but its supervisor died before it wrote down how it ended.",
        )

    def _ended(self, ending: runs.Ending) -> tuple[DeployState, str]:
        program = self.config.program
        if ending.sentence:
            return DeployState.FAILED, f"{program} {ending.sentence}."
        if ending.returncode == 0:
            return DeployState.SUCCEEDED, f"{program} succeeded."
        return DeployState.FAILED, f"{program} {runs.describe_exit(ending.returncode)}."

    def find(self, key: str) -> str | None:
        """See Deployer. None is safe to act on: a supervisor that is still on its way starts nothing once the
        deadline of its claim is past, and of two that are in time only one runs the command."""
        run = _existing(key)
        return key if run and run.has_started() else None

    def cancel(self, reference: str) -> None:
        """See Deployer. The program's process group gets SIGTERM and, after the grace time, SIGKILL."""
        run = _existing(reference)
        if run is None:
            raise Refused(f"Nothing is known of this run of {self.config.program} on this machine.")
        try:
            run.ask_to_stop()
        except OSError as error:
            raise Unavailable(f"The run directory can't be written to: {error.strerror}.") from error


def _existing(key: str) -> runs.Run | None:
    """The run of this key, if there is one. Raises Unavailable on a machine that runs no commands, which can't say."""
    if not runs.KEY.fullmatch(key):
        return None
    run = runs.Run(runs.runs_dir() / key)
    if run.exists():
        return run
    if settings.COMMAND_DIR is None:
        raise Unavailable("This worker runs no commands, so it can't tell: it has no DEPLOYER_COMMAND_DIR.")
    return None


def prune(older_than: timedelta) -> int:
    """Remove the directories of runs that ended so long ago; returns how many."""
    return runs.prune(older_than)
