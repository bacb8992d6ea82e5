"""A real OpenID Connect provider (npm's oidc-provider) on this machine, and a browser at its pages."""

import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import requests
from pytest_django import Settings

CLIENT_ID = "deployer"
CLIENT_SECRET = "the client's secret, of these tests"
SCRIPT = Path(__file__).with_suffix(".mjs")
SECONDS = 30


@dataclass(frozen=True, slots=True)
class Provider:
    issuer: str
    back_to: str
    """What the address begins with to which it sends people back."""

    def knows(self, **people: dict[str, Any]) -> None:
        """These people, by subject, with their claims; nobody else any more."""
        requests.post(f"{self.issuer}/test/people", json=people, timeout=SECONDS).raise_for_status()

    def tokens(self) -> list[str]:
        """Every access token and ID token that it has handed out."""
        found: list[str] = requests.get(f"{self.issuer}/test/tokens", timeout=SECONDS).json()
        return found

    def sign_in(self, address: str, subject: str) -> str:
        """Follow the address as a browser does, signing in and consenting; the address that it sends one back to."""
        browser = requests.Session()
        page = self._follow(browser, browser.get(address, allow_redirects=False, timeout=SECONDS))
        while isinstance(page, requests.Response):
            prompt = re.search(r'name="prompt" value="(\w+)"', page.text)
            assert prompt, page.text
            form = {"prompt": prompt.group(1), "login": subject, "password": "any"}
            action = re.search(r'action="([^"]+)"', page.text)
            assert action, page.text
            sent = browser.post(action.group(1), data=form, allow_redirects=False, timeout=SECONDS)
            page = self._follow(browser, sent)
        return page

    def decline(self, address: str) -> str:
        """Follow the address and say no."""
        browser = requests.Session()
        page = self._follow(browser, browser.get(address, allow_redirects=False, timeout=SECONDS))
        assert isinstance(page, requests.Response), page
        abort = re.search(r'href="([^"]+/abort)"', page.text)
        assert abort, page.text
        answer = self._follow(browser, browser.get(abort.group(1), allow_redirects=False, timeout=SECONDS))
        assert isinstance(answer, str), answer.text
        return answer

    def _follow(self, browser: requests.Session, page: requests.Response) -> requests.Response | str:
        """The first page that asks something, or the address outside that it leads to."""
        while page.is_redirect:
            address = urljoin(page.url, page.headers["location"])
            if address.startswith(self.back_to):
                return address
            page = browser.get(address, allow_redirects=False, timeout=SECONDS)
        return page


def sign_in_by(provider: Provider, settings: Settings, *, base_url: str) -> None:
    """Set Deployer up for it."""
    settings.BASE_URL = base_url
    settings.SIGN_IN_PROVIDERS = {"oidc": "Example SSO"}
    settings.SOCIAL_AUTH_OIDC_OIDC_ENDPOINT = provider.issuer
    settings.SOCIAL_AUTH_OIDC_KEY = CLIENT_ID
    settings.SOCIAL_AUTH_OIDC_SECRET = CLIENT_SECRET
    settings.SOCIAL_AUTH_OIDC_SCOPE = ["openid", "profile", "email", "groups"]
    settings.SOCIAL_AUTH_OIDC_GROUPS_KEY = "groups"


@contextmanager
def running_provider(redirect_uri: str) -> Iterator[Provider]:
    """It ends with the context, and also when this process dies: its standard input is closed then."""
    command = ["node", "--no-warnings", str(SCRIPT), CLIENT_ID, CLIENT_SECRET, redirect_uri]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        try:
            line = process.stdout.readline()
            assert line, "The provider did not start: run make assets, which installs it."
            yield Provider(issuer=json.loads(line)["issuer"], back_to=redirect_uri)
        finally:
            process.stdin.close()
            process.wait(SECONDS)
