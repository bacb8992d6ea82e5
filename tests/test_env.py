"""Settings from the environment: strict, and explained when wrong."""

from pathlib import Path

import pytest

from deployer.env import Env, EnvError, read_env


def test_nothing_needs_to_be_set() -> None:
    env = read_env({})

    assert env == Env()


def test_values_are_typed() -> None:
    env = read_env({"DEPLOYER_DEBUG": "true", "DEPLOYER_LEASE_SECONDS": "90", "DEPLOYER_ALLOWED_HOSTS": "a, b"})

    assert (env.DEBUG, env.LEASE_SECONDS, env.ALLOWED_HOSTS) == (True, 90.0, ("a", "b"))


@pytest.mark.parametrize(
    ("environ", "words"),
    [
        ({"DEPLOYER_DEBUG": "perhaps"}, "DEPLOYER_DEBUG: "),
        ({"DEPLOYER_LEASE_SECONDS": "-1"}, "DEPLOYER_LEASE_SECONDS: "),
        ({"DEPLOYER_SECRET_KEY": "short"}, "DEPLOYER_SECRET_KEY: "),
        ({"DATABASE_URL": "mysql://host/name"}, "DATABASE_URL: must be a URL such as postgresql://"),
        ({"REDIS_URL": "localhost:6379"}, "REDIS_URL: must be a URL such as redis://"),
        ({"DEPLOYER_LEESE_SECONDS": "3"}, "DEPLOYER_LEESE_SECONDS is not a setting"),
        ({"DEPLOYER_LEASE_SECONDS": "5"}, "more than twice DEPLOYER_HTTP_TIMEOUT_SECONDS"),
        ({"DATABASE_URL": "sqlite://deployer.db"}, "DATABASE_URL: must be a URL such as postgresql://"),
        ({"DEPLOYER_COMMAND_DIR": "/nowhere"}, "DEPLOYER_COMMAND_DIR: must be the whole path of a directory"),
        ({"DEPLOYER_COMMAND_DIR": "."}, "DEPLOYER_COMMAND_DIR: must be the whole path of a directory"),
        ({"DEPLOYER_TIME_ZONE": "Europe/Lundon"}, "DEPLOYER_TIME_ZONE: must be an IANA name"),
        ({"DEPLOYER_CONNECTION_HOOK": "x"}, "DEPLOYER_CONNECTION_HOOK is not a connection's secret"),
        ({"DEPLOYER_CONNECTION_hook_SECRET": "x"}, "DEPLOYER_CONNECTION_hook_SECRET is not a connection's secret"),
        ({"DEPLOYER_CONNECTION_HOOK_SECRET_FILE": "/nowhere"}, "DEPLOYER_CONNECTION_HOOK_SECRET_FILE: cannot read"),
        (
            {"DEPLOYER_OIDC_ISSUER": "https://sso.example.org", "DEPLOYER_OIDC_CLIENT_ID": "deployer"},
            "DEPLOYER_OIDC_CLIENT_SECRET must be set too, as DEPLOYER_OIDC_ISSUER is",
        ),
        (
            {"DEPLOYER_OIDC_ISSUER": "http://sso.example.org"},
            "DEPLOYER_OIDC_ISSUER: must be a URL that begins with https",
        ),
        ({"DEPLOYER_OIDC_ISSUER": "https://"}, "DEPLOYER_OIDC_ISSUER: must be a URL that begins with https"),
        ({"DEPLOYER_OIDC_SCOPES": "profile, email"}, "DEPLOYER_OIDC_SCOPES: openid must be among them"),
        ({"DEPLOYER_GITHUB_ORGANISATIONS": "alphagov"}, "DEPLOYER_GITHUB_CLIENT_ID and DEPLOYER_GITHUB_CLIENT_SECRET"),
        (
            {"DEPLOYER_ADMIN_GROUPS": "admins"},
            "DEPLOYER_ADMIN_GROUPS: no sign-in provider is set up that tells of groups",
        ),
        ({"DATABASE_URL_FILE": "/nowhere"}, "DATABASE_URL_FILE: cannot read /nowhere"),
        ({"DATABASE_URL_FILE": "/nowhere", "DATABASE_URL": "sqlite:///x"}, "both set"),
    ],
)
def test_what_is_wrong_is_said_by_the_variables_name(environ: dict[str, str], words: str) -> None:
    with pytest.raises(EnvError, match=r"DEPLOYER|DATABASE|REDIS") as refused:
        read_env(environ)

    assert words in str(refused.value)


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(EnvError) as refused:
        read_env({"DEPLOYER_DEBUG": "perhaps", "REDIS_URL": "nonsense", "DEPLOYER_TYPO": "1"})

    assert len(str(refused.value).splitlines()) == 3


def test_a_value_may_come_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "url"
    file.write_text("postgresql://deployer@db/deployer\n")

    assert read_env({"DATABASE_URL_FILE": str(file)}).DATABASE_URL == "postgresql://deployer@db/deployer"


def test_a_sign_in_that_is_whole_is_taken(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("hunter2\n")
    environ = {
        "DEPLOYER_OIDC_ISSUER": "https://sso.example.org/",
        "DEPLOYER_OIDC_CLIENT_ID": "deployer",
        "DEPLOYER_OIDC_CLIENT_SECRET_FILE": str(secret),
        "DEPLOYER_ADMIN_GROUPS": "admins, leads",
        "DEPLOYER_GITHUB_API_BASE_URL": "http://127.0.0.1:8080",
    }

    env = read_env(environ)

    assert (env.OIDC_ISSUER, env.OIDC_CLIENT_SECRET) == ("https://sso.example.org", "hunter2")
    assert env.ADMIN_GROUPS == ("admins", "leads")


def test_a_secret_is_not_repeated_in_the_complaint() -> None:
    with pytest.raises(EnvError) as refused:
        read_env({"DEPLOYER_SECRET_KEY": "hunter2"})

    assert "hunter2" not in str(refused.value)


def test_connections_are_not_taken_for_settings() -> None:
    assert read_env({"DEPLOYER_CONNECTION_HOOK_SECRET": "x"}) == Env()
