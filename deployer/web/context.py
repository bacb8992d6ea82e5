"""What every page knows."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest


def site(request: HttpRequest) -> dict[str, Any]:
    return {"SITE_NAME": settings.SITE_NAME, "LOCAL_PASSWORD_SIGN_IN": settings.LOCAL_PASSWORD_SIGN_IN}
