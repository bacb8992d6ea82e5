"""Open errors, where an application is shown."""

from typing import Any

from django import template

from apps_registry.models import Application
from deployer.tracking.standing import open_errors

register = template.Library()


@register.inclusion_tag("web/errors/_open.html")
def errors_of(application: Application) -> dict[str, Any]:
    """How many errors the application has open in each environment, and the newest."""
    return {"errors": open_errors(application)}
