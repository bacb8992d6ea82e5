"""The part of the sample service's CI: builds releases, registers them, and asks Deployer how they fare."""

import hashlib
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import requests

from demo.preflight import DemoError
from demo.sample import SERVICE
from demo.stack import BASE_DIR

Json = dict[str, Any]


class Api:
    """Deployer's API. Every method raises DemoError for an answer that is no success."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = f"{url}/api/v1"
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {secret}"
        self._session.trust_env = False  # no proxy stands before a loopback address

    def register(self, release: Json) -> Json:
        return self._ask("POST", "releases", json=release)

    def promotion(self, number: int) -> Json:
        return self._ask("GET", f"promotions/{number}")

    def application(self) -> Json:
        return self._ask("GET", f"applications/{SERVICE}")

    def _ask(self, method: str, path: str, **options: Any) -> Json:
        try:
            answer = self._session.request(method, f"{self.url}/{path}", timeout=10, **options)
            if not answer.ok:
                raise DemoError(f"{method} {answer.url} answered {answer.status_code}:\n{answer.text[:2000]}")
            body: Json = answer.json()
        except requests.RequestException as error:
            raise DemoError(f"{method} {self.url}/{path} did not work: {error}") from error
        return body


def build(root: Path, version: str, *, breaks_in: str = "") -> str:
    """Put a build of the sample service where `deploy-sample` takes it from, and return its commit."""
    commit = hashlib.sha1(f"{SERVICE} {version}".encode(), usedforsecurity=False).hexdigest()
    folder = root / "builds" / version
    folder.mkdir(parents=True)
    shutil.copy(BASE_DIR / "demo" / "service.py", folder)
    release = {"version": version, "commit": commit} | ({"breaks_in": breaks_in} if breaks_in else {})
    (folder / "release.json").write_text(json.dumps(release))
    return commit


def release_of(version: str, commit: str, change: str) -> Json:
    """What CI tells Deployer of a build."""
    author = {"author_name": "Sam Ample", "author_email": "sam@example.org"}
    return {
        "application": SERVICE,
        "version": version,
        "commit": commit,
        "build_url": f"https://ci.example.org/{SERVICE}/{version}",
        "built_at": datetime.now(UTC).isoformat(),
        "changes": [{"title": change, "commit": commit, **author}],
    }
