"""What a registry row is about: the application and the environment that its events name."""

from typing import Any

from apps_registry.models import Application, Environment, TargetCheck


def about(row: Any) -> dict[str, str]:
    """`application` and `environment` by slug, for `deployer.audit.actions.record`; those that the row has."""
    if isinstance(row, Application):
        return {"application": row.slug}
    if isinstance(row, Environment):
        return {"environment": row.slug}
    if isinstance(row, TargetCheck):
        return about(row.target)
    parts = {name: getattr(row, name, None) for name in ("application", "environment")}
    return {name: part.slug for name, part in parts.items() if part is not None}
