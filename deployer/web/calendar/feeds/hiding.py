"""Takes the secret of a feed's address out of a request before anything can write it down.

Django logs the path of what it refuses, and Sentry that of what goes wrong: they read it from the WSGI environment. The
web server logs every one, from a scope of its own (deployer/asgi.py). Pure.
"""

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING
from urllib.parse import quote

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIApplication, WSGIEnvironment

SECRET = "deployer.feed_secret"  # noqa: S105 — where it is kept, for the view
HIDDEN = "hidden"
_IN_PATH = re.compile(r"(/feeds/+)([^/?#\s]+)")


def hidden(path: str) -> str:
    """The path as it may be written down."""
    return _IN_PATH.sub(rf"\1{HIDDEN}", path)


def hide_secrets(application: "WSGIApplication") -> "WSGIApplication":
    """The application with what follows /feeds/ hidden: the view finds it in the environment, under SECRET."""

    def hiding(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        path = environ.get("PATH_INFO", "")
        found = _IN_PATH.search(path)
        if found is not None:
            environ[SECRET] = found[2]
            environ["PATH_INFO"] = hidden(path)
            _rewrite_raw(environ)
        if "HTTP_REFERER" in environ:
            environ["HTTP_REFERER"] = hidden(environ["HTTP_REFERER"])
        return application(environ, start_response)

    return hiding


def _rewrite_raw(environ: "WSGIEnvironment") -> None:
    """The request's line as servers keep it for their logs, from what is in the environment now."""
    path = f"{environ.get('SCRIPT_NAME', '')}{environ['PATH_INFO']}".encode("latin-1")
    query = environ.get("QUERY_STRING", "")
    for name in ("RAW_URI", "REQUEST_URI"):
        if name in environ:
            environ[name] = f"{quote(path)}?{query}" if query else quote(path)
