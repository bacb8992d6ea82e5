"""The organisation's colour as a style sheet, because pages have no style in them."""

import hashlib

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

ENOUGH = 4.5
"""The contrast of text that WCAG 2.2 AA asks for."""


def text_on(colour: str) -> str:
    """White where it can be read on the colour, else black: one of them always can."""
    return "#ffffff" if contrast(colour, "#ffffff") >= ENOUGH else "#000000"


def contrast(one: str, other: str) -> float:
    """WCAG's contrast ratio of two colours such as "#0f385c"."""
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def sheet() -> str:
    colour: str = settings.COLOUR
    return f":root{{--app-brand:{colour};--app-brand-text:{text_on(colour)}}}\n"


def version() -> str:
    return hashlib.sha256(sheet().encode()).hexdigest()[:12]


def address() -> str:
    """With the version in it, so that a browser may keep it."""
    return f"{reverse('theme')}?v={version()}"


@login_not_required
@require_safe
def theme(request: HttpRequest) -> HttpResponse:
    response = HttpResponse(sheet(), content_type="text/css; charset=utf-8")
    response["ETag"] = f'"{version()}"'
    kept = request.GET.get("v") == version()
    patch_cache_control(response, public=True, max_age=31536000 if kept else 300, immutable=kept)
    return response
