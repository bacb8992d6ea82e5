"""Whose stream it is: the session of the cookie, asked as Django does for a page."""

from importlib import import_module

from django.conf import settings
from django.contrib.auth import get_user
from django.http import HttpRequest

from deployer.access.models import User


def signed_in(session_key: str) -> User | None:
    """The person of the session, while it lasts, the password is the same and the account is active. Two queries."""
    if not session_key:
        return None
    request = HttpRequest()
    request.session = import_module(settings.SESSION_ENGINE).SessionStore(session_key)
    found = get_user(request)
    return found if isinstance(found, User) else None
