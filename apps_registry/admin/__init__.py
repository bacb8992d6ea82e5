"""The registry in the admin, a module per aggregate. Importing them registers their models."""

from apps_registry.admin import (
    api_token,
    application,
    environment,
    exclusion,
    person,
    site,
    target,
    team,
    trust_issue,
    watcher,
)

__all__ = [
    "api_token",
    "application",
    "environment",
    "exclusion",
    "person",
    "site",
    "target",
    "team",
    "trust_issue",
    "watcher",
]
