"""A GitHub on this machine: its two pages of OAuth, and the four calls of its API that a sign-in makes."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from social_core.backends.oauth import BaseOAuth2PKCE

from tests.serving import serving

CLIENT_ID = "Iv1.0123456789abcdef"
CLIENT_SECRET = "the client's secret, of these tests"
TOKEN = "gho_16C7e42F292c6912E7710c838347Ae178B4a"
CODE = "a code that is good once"


@dataclass(slots=True)
class GitHub:
    """`members` are organisations with the state of the membership, `teams` pairs of organisation and slug."""

    port: int
    user: dict[str, Any] = field(default_factory=lambda: {"id": 583231, "login": "Jo-Okafor", "name": "Jo Okafor"})
    emails: list[dict[str, Any]] = field(default_factory=list)
    members: dict[str, str] = field(default_factory=dict)
    teams: list[tuple[str, str]] = field(default_factory=list)
    fails_with: int = 0
    challenge: str = ""
    asked: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def sign_in(self, address: str, _: str = "") -> str:
        """What GitHub does with someone who approves: back to Deployer, with a code."""
        query = {name: values[0] for name, values in parse_qs(urlsplit(address).query).items()}
        assert query["client_id"] == CLIENT_ID
        assert set(query["scope"].split(",")) == {"read:org", "user:email"}
        assert query["code_challenge_method"] == "S256"
        self.challenge = query["code_challenge"]
        return f"{query['redirect_uri']}?{urlencode({'code': CODE, 'state': query['state']})}"

    def token_for(self, form: dict[str, str]) -> Any:
        proof = BaseOAuth2PKCE.generate_code_challenge(None, form.get("code_verifier", ""), "S256")  # type: ignore[arg-type,no-untyped-call]
        wanted = (CLIENT_ID, CLIENT_SECRET, CODE, self.challenge)
        if (form.get("client_id"), form.get("client_secret"), form.get("code"), proof) != wanted:
            return {"error": "bad_verification_code"}
        return {"access_token": TOKEN, "token_type": "bearer", "scope": "read:org,user:email"}

    def answer_to(self, path: str, query: dict[str, str]) -> Any:
        """The body of a call; None for one that finds nothing."""
        if path == "/user":
            return self.user
        if path == "/user/emails":
            return self.emails
        if path == "/user/teams":
            size, page = int(query["per_page"]), int(query["page"])
            found = [{"slug": slug, "organization": {"login": owner}} for owner, slug in self.teams]
            return found[(page - 1) * size : page * size]
        state = self.members.get(path.removeprefix("/user/memberships/orgs/"))
        return {"state": state} if state else None


def _handler(github: GitHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self.send(200, github.token_for(form) if self.path == "/login/oauth/access_token" else {})

        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            path = parts.path.removeprefix("/api/v3")
            github.asked.append(path)
            if github.fails_with:
                return self.send(github.fails_with, {"message": "Server Error"})
            if self.headers["authorization"].split()[-1] != TOKEN:
                return self.send(401, {"message": "Bad credentials"})
            query = {name: values[0] for name, values in parse_qs(parts.query).items()}
            found = github.answer_to(path, query)
            if found is None:
                return self.send(404, {"message": "Not Found"})
            return self.send(200, found)

        def send(self, status: int, value: Any) -> None:
            content = json.dumps(value).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            pass

    return Handler


@contextmanager
def running_github() -> Iterator[GitHub]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler)
    github = GitHub(port=server.server_port)
    server.RequestHandlerClass = _handler(github)
    with serving(server):
        yield github
