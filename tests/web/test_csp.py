"""What a browser is told to refuse, and that no template needs it."""

import re
from pathlib import Path

import pytest
from django.conf import settings
from django.test import Client
from pytest_django import Settings

INLINE = re.compile(r"<script(?![^>]*\bsrc=)|<style\b|\sstyle=|\son[a-z]+=['\"]|javascript:")
TEMPLATES = [path for path in sorted(Path(settings.BASE_DIR, "templates").rglob("*.html")) if "mail" not in path.name]


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_no_template_has_a_script_or_a_style_in_it(path: Path) -> None:
    assert INLINE.findall(path.read_text()) == []


@pytest.mark.parametrize(
    "address",
    ["/", "/sign-in/", "/stopped/", "/calendar/", "/nothing/", "/admin/", "/api/v1/nothing", "/theme.css", "/healthz"],
)
def test_every_answer_says_what_a_browser_may_load(reader: Client, address: str) -> None:
    policy = reader.get(address)["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "script-src 'self';" in f"{policy};"
    assert "style-src 'self';" in f"{policy};"
    assert "frame-ancestors 'none'" in policy
    assert "unsafe" not in policy


def test_only_the_sign_in_page_has_forms_that_lead_elsewhere(reader: Client, settings: Settings) -> None:
    settings.SIGN_IN_PROVIDERS = {"oidc": "Example SSO"}
    settings.SIGN_IN_FORM_ACTION = ["https:", "http://127.0.0.1:5556"]

    assert "form-action 'self';" in f"{reader.get('/')['Content-Security-Policy']};"
    sign_in = f"{Client().get('/sign-in/')['Content-Security-Policy']};"
    assert "form-action 'self' https: http://127.0.0.1:5556;" in sign_in


def test_a_page_tells_other_sites_nothing_and_uses_no_devices(reader: Client) -> None:
    page = reader.get("/")

    assert page["Referrer-Policy"] == "same-origin"
    assert page["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "camera=()" in page["Permissions-Policy"]
