"""Which adapters there are, by kind."""

from collections.abc import Mapping
from typing import Any, TypeVar

from deployer.integrations.checks.base import Check
from deployer.integrations.checks.command import CommandCheck
from deployer.integrations.checks.http import HttpCheck
from deployer.integrations.config import ConfigError, load_config
from deployer.integrations.deploy.base import Deployer
from deployer.integrations.deploy.command import CommandDeployer
from deployer.integrations.deploy.webhook import WebhookDeployer

Adapter = TypeVar("Adapter", Deployer, Check)

DEPLOYERS: dict[str, type[Deployer]] = {kind.kind: kind for kind in (CommandDeployer, WebhookDeployer)}
CHECKS: dict[str, type[Check]] = {kind.kind: kind for kind in (HttpCheck, CommandCheck)}


def build_deployer(kind: str, config: Mapping[str, Any]) -> Deployer:
    """The deployer of this kind with this configuration. Raises ConfigError."""
    adapter = _adapter(DEPLOYERS, kind)
    return adapter(load_config(adapter.Config, config))


def build_check(kind: str, config: Mapping[str, Any]) -> Check:
    """The check of this kind with this configuration. Raises ConfigError."""
    adapter = _adapter(CHECKS, kind)
    return adapter(load_config(adapter.Config, config))


def _adapter(kinds: Mapping[str, type[Adapter]], kind: str) -> type[Adapter]:
    if kind not in kinds:
        raise ConfigError({"kind": f"{kind!r} is not one of {', '.join(sorted(kinds))}."})
    return kinds[kind]
