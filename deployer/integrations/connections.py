"""Secrets of the outside, by name: from the environment, never from the database.

A target's configuration says `"connection": "deploy-hook"`; the operator sets
DEPLOYER_CONNECTION_DEPLOY_HOOK_SECRET (or …_SECRET_FILE, the path of a file that holds it).
"""

import os
import re

from deployer.env import PREFIX, EnvError, read_variable
from deployer.integrations.errors import Unavailable

NAME_PATTERN = "^[a-z][a-z0-9-]{0,62}$"


def variable(name: str, part: str) -> str:
    """The environment variable that holds `part` (secret, token…) of the connection `name`."""
    if not re.fullmatch(NAME_PATTERN, name):
        raise ValueError(f"{name!r} is not a connection's name: use a-z, 0-9 and -.")
    return f"{PREFIX}CONNECTION_{name.replace('-', '_').upper()}_{part.upper()}"


def read_secret(name: str, part: str = "secret") -> str:
    """The secret's value. Raises Unavailable, naming the variable, when it is not set or can't be read."""
    variable_name = variable(name, part)
    try:
        value = read_variable(variable_name, dict(os.environ))
    except EnvError as error:
        raise Unavailable(str(error)) from error
    if not value:
        raise Unavailable(f"The connection {name} has no {part}: set {variable_name}.")
    return value
