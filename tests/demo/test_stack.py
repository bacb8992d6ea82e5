import socket
from pathlib import Path

import pytest

from demo.preflight import DemoError, check_assets, check_writable, choose_ports
from demo.stack import BASE_DIR, demo_environment, read_procfile


def test_no_setting_of_a_real_deployer_reaches_the_demo() -> None:
    real = {
        "DATABASE_URL": "postgresql://production/deployer",
        "DATABASE_URL_FILE": "/run/secrets/database",
        "REDIS_URL": "redis://production",
        "SENTRY_DSN": "https://sentry.example.org/1",
        "EMAIL_URL": "smtp://mail.example.org",
        "DEPLOYER_CONNECTION_SLACK_TOKEN": "xoxb",
        "DEPLOYER_SECRET_KEY": "s" * 40,
        "HOME": "/home/someone",
    }

    env = demo_environment(Path("/srv/var/demo"), 8001, real)

    assert set(env) & set(real) == {"HOME"}
    assert env["DEPLOYER_DATA_DIR"] == "/srv/var/demo"
    assert env["DEPLOYER_BASE_URL"] == "http://127.0.0.1:8001"


def test_the_demo_runs_what_the_procfile_lists_with_two_runners() -> None:
    commands = read_procfile(BASE_DIR / "Procfile")

    assert list(commands) == ["web", "queue", "worker", "runner-1", "runner-2", "notices", "clock"]
    assert commands["runner-1"] == commands["runner-2"] == "python manage.py worker effects"


def test_ports_are_free_and_different() -> None:
    ports = choose_ports(4)

    assert len(set(ports)) == 4


def test_a_fixed_port_is_the_first() -> None:
    (free,) = choose_ports(1)

    assert choose_ports(2, fixed=str(free))[0] == free


def test_a_fixed_port_that_is_taken_is_named_with_what_to_do() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(DemoError, match=rf"Port {port} can't be used: Address already in use\. Choose another"):
            choose_ports(1, fixed=str(port))


@pytest.mark.parametrize("text", ["web", "0", "65536", "-1", "80a"])
def test_what_is_no_port_is_refused(text: str) -> None:
    with pytest.raises(DemoError, match="is not a port"):
        choose_ports(1, fixed=text)


def test_missing_assets_are_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(DemoError, match="make assets"):
        check_assets(tmp_path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "var").write_text("a file")

    with pytest.raises(DemoError, match="Cannot make"):
        check_writable(tmp_path / "var" / "demo")
