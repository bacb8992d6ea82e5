"""What the operator sets from the environment: typed, strict, and explained when wrong.

Every variable can also be given as NAME_FILE, the path of a file that holds the value, as
container platforms hand over secrets.
"""

import os
import re
import zoneinfo
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

BASE_DIR = Path(__file__).resolve().parent.parent
PREFIX = "DEPLOYER_"
CONNECTION = re.compile(f"{PREFIX}CONNECTION_[A-Z][A-Z0-9_]*_(SECRET|TOKEN)(_FILE)?")
WELL_KNOWN = ("DATABASE_URL", "REDIS_URL", "SENTRY_DSN", "EMAIL_URL")
DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")
REDIS_SCHEMES = ("redis", "rediss", "unix")
ROLE_GROUPS = ("ADMIN_GROUPS", "RELEASE_MANAGER_GROUPS", "DEVELOPER_GROUPS")
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class EnvError(Exception):
    """A setting is missing or wrong; the message is one sentence per variable, naming it."""


class Env(BaseModel):
    """Settings as the operator gave them. Durations are in seconds."""

    model_config: ClassVar[ConfigDict] = ConfigDict(frozen=True, extra="forbid")

    DATABASE_URL: str = ""
    REDIS_URL: str = ""
    SENTRY_DSN: str = ""
    EMAIL_URL: str = ""

    DEBUG: bool = False
    SECRET_KEY: Annotated[str, Field(min_length=32)] | None = None
    BASE_URL: str = "http://127.0.0.1:8000"
    ALLOWED_HOSTS: tuple[str, ...] = ("127.0.0.1", "localhost")
    DATA_DIR: Path = BASE_DIR / "var"
    COMMAND_DIR: Path | None = None
    LOCAL_PASSWORD_SIGN_IN: bool = False
    OIDC_ISSUER: str = ""
    OIDC_CLIENT_ID: str = ""
    OIDC_CLIENT_SECRET: str = ""
    OIDC_LABEL: Annotated[str, Field(min_length=1, max_length=60)] = "OpenID Connect"
    OIDC_SCOPES: tuple[str, ...] = ("openid", "profile", "email")
    OIDC_GROUPS_CLAIM: str = "groups"
    GITHUB_CLIENT_ID: str = ""
    GITHUB_CLIENT_SECRET: str = ""
    GITHUB_ORGANISATIONS: tuple[str, ...] = ()
    GITHUB_BASE_URL: str = "https://github.com"
    GITHUB_API_BASE_URL: str = "https://api.github.com"
    ADMIN_GROUPS: tuple[str, ...] = ()
    RELEASE_MANAGER_GROUPS: tuple[str, ...] = ()
    DEVELOPER_GROUPS: tuple[str, ...] = ()
    ORGANISATION: str = "Deployer"
    COLOUR: Annotated[str, Field(pattern="^#[0-9a-fA-F]{6}$")] = "#0f385c"
    SLACK_TOKEN: Annotated[str, Field(repr=False)] = ""
    SLACK_API_URL: str = ""
    FALLBACK_EMAIL: Annotated[str, Field(pattern="^([^@ ]+@[^@ ]+)?$", max_length=254)] = ""
    TIME_ZONE: str = "Europe/London"
    LOG_FORMAT: Annotated[str, Field(pattern="^(console|json)$")] = "console"

    LEASE_SECONDS: Annotated[float, Field(gt=0, le=3600)] = 60.0
    REQUEUE_SECONDS: Annotated[float, Field(gt=0, le=600)] = 5.0
    CLOCK_TICK_SECONDS: Annotated[float, Field(gt=0, le=60)] = 0.5
    RECHECK_SECONDS: Annotated[float, Field(gt=0, le=3600)] = 60.0
    HTTP_TIMEOUT_SECONDS: Annotated[float, Field(gt=0, le=300)] = 10.0

    @model_validator(mode="after")
    def _lease_outlasts_calls(self) -> Self:
        if self.LEASE_SECONDS <= 2 * self.HTTP_TIMEOUT_SECONDS:
            raise ValueError(
                "DEPLOYER_LEASE_SECONDS must be more than twice DEPLOYER_HTTP_TIMEOUT_SECONDS, so that what was sent "
                "has arrived before another worker may look for it"
            )
        return self

    @model_validator(mode="after")
    def _sign_in_is_whole(self) -> Self:
        self._need_all("OIDC_ISSUER", "OIDC_CLIENT_ID", "OIDC_CLIENT_SECRET")
        self._need_all("GITHUB_CLIENT_ID", "GITHUB_CLIENT_SECRET", "GITHUB_ORGANISATIONS")
        mapped = [variable_name(name) for name in ROLE_GROUPS if getattr(self, name)]
        if mapped and not (self.GITHUB_CLIENT_ID or (self.OIDC_ISSUER and self.OIDC_GROUPS_CLAIM)):
            raise ValueError(f"{' and '.join(mapped)}: no sign-in provider is set up that tells of groups")
        return self

    def _need_all(self, *names: str) -> None:
        """All of them are set, or none is."""
        missing = [variable_name(name) for name in names if not getattr(self, name)]
        if missing and len(missing) < len(names):
            given = next(variable_name(name) for name in names if getattr(self, name))
            raise ValueError(f"{' and '.join(missing)} must be set too, as {given} is")

    @field_validator("OIDC_ISSUER", "GITHUB_BASE_URL", "GITHUB_API_BASE_URL")
    @classmethod
    def _secure(cls, value: str) -> str:
        """What people are sent to, and what is believed about them, goes over TLS; but on this machine."""
        parts = urlsplit(value)
        if value and not (parts.hostname and (parts.scheme == "https" or parts.hostname in LOOPBACK)):
            raise ValueError("must be a URL that begins with https://")
        return value.rstrip("/")

    @field_validator("OIDC_SCOPES")
    @classmethod
    def _openid(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        if "openid" not in value:
            raise ValueError("openid must be among them")
        return value

    @field_validator("DATABASE_URL")
    @classmethod
    def _database(cls, value: str) -> str:
        example = "postgresql://user@host/name or sqlite:////path/to/file"
        if value.startswith("sqlite:") and not value.startswith("sqlite:////"):
            raise ValueError(f"must be a URL such as {example}, with the whole path of the file")
        return _check_scheme(value, DATABASE_SCHEMES, example)

    @field_validator("COMMAND_DIR")
    @classmethod
    def _command_dir(cls, value: Path | None) -> Path | None:
        if value is not None and not (value.is_absolute() and value.is_dir()):
            raise ValueError("must be the whole path of a directory that is there")
        return value

    @field_validator("TIME_ZONE")
    @classmethod
    def _time_zone(cls, value: str) -> str:
        if value not in zoneinfo.available_timezones():
            raise ValueError("must be an IANA name such as Europe/London")
        return value

    @field_validator("REDIS_URL")
    @classmethod
    def _redis(cls, value: str) -> str:
        return _check_scheme(value, REDIS_SCHEMES, "redis://host:6379/0")

    @field_validator("SLACK_API_URL")
    @classmethod
    def _slack_api_url(cls, value: str) -> str:
        value = _check_scheme(value, ("http", "https"), "https://slack.example.org/api/")
        return f"{value.rstrip('/')}/" if value else ""

    @field_validator("BASE_URL")
    @classmethod
    def _base_url(cls, value: str) -> str:
        return _check_scheme(value.rstrip("/"), ("http", "https"), "https://deployer.example.org")

    @field_validator("ALLOWED_HOSTS", "OIDC_SCOPES", "GITHUB_ORGANISATIONS", *ROLE_GROUPS, mode="before")
    @classmethod
    def _list(cls, value: object) -> object:
        return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def _check_scheme(value: str, schemes: tuple[str, ...], example: str) -> str:
    if value and urlsplit(value).scheme not in schemes:
        raise ValueError(f"must be a URL such as {example}")
    return value


def variable_name(field: str) -> str:
    """The environment variable behind a field: the well-known four have no prefix."""
    return field if field in WELL_KNOWN else PREFIX + field


def read_env(environ: dict[str, str] | None = None) -> Env:
    """Read and check every setting.

    Raises EnvError with one sentence per wrong variable, each naming the variable; an unknown
    DEPLOYER_ variable is an error too, so that a misspelt one is never ignored. Connections
    (DEPLOYER_CONNECTION_…) are read by `integrations.connections`; here it is only checked that they can be.
    """
    environ = dict(os.environ) if environ is None else environ
    values: dict[str, Any] = {}
    problems: list[str] = []
    known = {variable_name(field): field for field in Env.model_fields}
    for name, field in known.items():
        try:
            value = read_variable(name, environ)
        except EnvError as error:
            problems.append(str(error))
            continue
        if value is not None:
            values[field] = value
    for name in sorted(environ):
        if name.startswith(f"{PREFIX}CONNECTION_"):
            problems += _connection_problems(name, environ)
        elif name.startswith(PREFIX) and name.removesuffix("_FILE") not in known:
            problems.append(f"{name} is not a setting of Deployer; docs/operations.md lists them.")
    try:
        env = Env(**values)
    except ValidationError as error:
        for item in error.errors():
            about = f"{variable_name(str(item['loc'][0]))}: " if item["loc"] else ""
            problems.append(f"{about}{_plain(item['msg'])} (see docs/operations.md).")
    if problems:
        raise EnvError("\n".join(problems))
    return env


def _connection_problems(name: str, environ: dict[str, str]) -> list[str]:
    if not CONNECTION.fullmatch(name):
        return [f"{name} is not a connection's secret: write {PREFIX}CONNECTION_<NAME>_SECRET, in capitals."]
    try:
        read_variable(name.removesuffix("_FILE"), environ)
    except EnvError as error:
        return [str(error)]
    return []


def read_variable(name: str, environ: dict[str, str]) -> str | None:
    """The value of NAME, or the content of the file that NAME_FILE points to; None when neither is set."""
    path = environ.get(f"{name}_FILE")
    if path is None:
        return environ.get(name)
    if name in environ:
        raise EnvError(f"{name} and {name}_FILE are both set: keep one.")
    try:
        return Path(path).read_text().strip()
    except OSError as error:
        raise EnvError(f"{name}_FILE: cannot read {path}: {error.strerror}.") from error


def _plain(message: str) -> str:
    return message.removeprefix("Value error, ")
