"""Who is at the terminal."""

import getpass

from deployer.audit.actor import Actor, ActorKind


def operator() -> Actor:
    """The actor of a management command: the operating system's user, by name."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):
        name = "unknown"
    return Actor(ActorKind.OPERATOR, name, f"{name[:100]} at the terminal")
