"""What the demo needs of the machine, asked before anything is started."""

import os
import socket
from contextlib import ExitStack
from pathlib import Path


class DemoError(Exception):
    """The demo can't go on, or found that something is not as it should be; the message says what to do."""


def check_writable(folder: Path) -> None:
    """Make the folder. Raises DemoError when it can't be made or written to."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DemoError(f"Cannot make {folder}: {error.strerror}. Give yourself the right to write there.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise DemoError(f"Cannot write to {folder}: give yourself the right to, for example with chown.")


def check_assets(folder: Path) -> None:
    """Raises DemoError when the browser assets have not been built."""
    if not any(folder.glob("*.css")):
        raise DemoError(f"The browser assets are not in {folder}: run `make assets`, which needs Node 20 or newer.")


def choose_ports(count: int, *, fixed: str = "") -> list[int]:
    """That many different free loopback ports; the first is the fixed one, when one is given.

    Raises DemoError when the fixed one is no port, or is taken.
    """
    with ExitStack() as stack:
        ports = []
        for wanted in [_port_number(fixed) if fixed else 0, *[0] * (count - 1)]:
            listener = stack.enter_context(socket.socket())
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind(("127.0.0.1", wanted))
                listener.listen()
            except OSError as error:
                raise DemoError(
                    f"Port {wanted} can't be used: {error.strerror}. Choose another with PORT=number, "
                    "or leave PORT out and a free one is taken."
                ) from error
            ports.append(listener.getsockname()[1])
    return ports


def _port_number(text: str) -> int:
    if not text.isdecimal() or not 0 < int(text) < 65536:
        raise DemoError(f"PORT={text} is not a port: choose a number from 1024 to 65535, or leave it out.")
    return int(text)
