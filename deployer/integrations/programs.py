"""The programs that command adapters may run: those in the operator's directory, without a shell."""

import os
import stat
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Annotated

from django.conf import settings
from pydantic import AfterValidator

from deployer.integrations.errors import Refused
from deployer.integrations.placeholders import check_placeholders, fill
from deployer.integrations.text import storable

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


def _check_name(name: str) -> str:
    if not name or name.startswith(".") or "/" in name or not name.isprintable():
        raise ValueError("must be the name of a file in the command directory, without a slash or a leading dot")
    return name


ProgramName = Annotated[str, AfterValidator(_check_name)]
"""A configuration's field: the bare name of a program in the command directory."""


def arguments_checker(allowed: frozenset[str]) -> Callable[[tuple[str, ...]], tuple[str, ...]]:
    """A pydantic validator of command arguments: only the allowed placeholders, and no zero character."""

    def check(args: tuple[str, ...]) -> tuple[str, ...]:
        for arg in args:
            check_placeholders(arg, allowed)
            if "\x00" in arg:
                raise ValueError("must not hold a zero character")
        return args

    return check


def command_dir() -> Path:
    """The resolved directory of programs. Raises Refused when the operator named none, or it is not there."""
    if settings.COMMAND_DIR is None:
        raise Refused("No program may be run here: set DEPLOYER_COMMAND_DIR to the directory of those that may.")
    try:
        return Path(settings.COMMAND_DIR).resolve(strict=True)
    except OSError as error:
        raise Refused(f"DEPLOYER_COMMAND_DIR cannot be used: {error.strerror}.") from error


def find_program(name: str) -> Path:
    """The real path of a program, which lies in the command directory even after every symlink is followed.

    Raises Refused, naming the program, when it is missing, leads outside, or is not an executable file.
    """
    folder = command_dir()
    try:
        path = (folder / _check_name(name)).resolve(strict=True)
        mode = path.stat().st_mode
    except (OSError, RuntimeError, ValueError) as error:
        raise Refused(f"The program {name} is not in the command directory.") from error
    if not path.is_relative_to(folder):
        raise Refused(f"The program {name} leads out of the command directory.")
    if not stat.S_ISREG(mode) or not os.access(path, os.X_OK):
        raise Refused(f"The program {name} is not an executable file.")
    return path


def arguments(program: str, args: Sequence[str], values: Mapping[str, str]) -> list[str]:
    """The arguments with their placeholders filled.

    Raises Refused for a value that can't be passed, and for one that would turn an argument into an option:
    a version named --force must not reach a program as that.
    """
    for name, value in values.items():
        if value != storable(value):
            raise Refused(f"The {name.replace('_', ' ')} holds a character that can't be given to {program}.")
    filled = [fill(arg, values) for arg in args]
    for arg, value in zip(args, filled, strict=True):
        if arg.startswith("{") and value.startswith("-"):
            raise Refused(f"{program} would take {value[:50]!r}, the value of {arg}, for an option.")
    return filled


def environment(values: Mapping[str, str]) -> dict[str, str]:
    """All of a program's environment: DEPLOY_… for each value, and nothing of ours that may be secret."""
    return {**basic_environment(), **{f"DEPLOY_{name.upper()}": value for name, value in values.items()}}


def basic_environment() -> dict[str, str]:
    """What any program needs of the environment that we run in."""
    defaults = {"PATH": DEFAULT_PATH, "HOME": "/", "LANG": "C.UTF-8", "TZ": "UTC"}
    return {name: os.environ.get(name, default) for name, default in defaults.items()}
