"""Prepares a stack's database (with as much sample data as it is told, as for the pages), prints the cookie of somebody
who is signed in and an application, and then, for each line that it is sent, commits a change of that application and
prints when that was (CLOCK_MONOTONIC, which all processes of a machine share).
"""

import sys
import time
from importlib import import_module

import django
from django.conf import settings
from django.core.management import call_command

from tests.bench.pages_worker import seed


def busiest() -> str:
    """An application that something is told of."""
    from deployer.audit.models import Event  # noqa: PLC0415

    found = Event.objects.exclude(application="").order_by("-id").first()
    return found.application if found else "none"


def sign_in() -> str:
    # Models can be imported only after Django is set up.
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415

    from deployer.access.models import User  # noqa: PLC0415

    person = User.objects.filter(username="developer").first() or User.objects.create_user("developer")
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return f"{settings.SESSION_COOKIE_NAME}={session.session_key}"


def change(application: str) -> float:
    from django.db import transaction  # noqa: PLC0415

    from deployer.audit.actions import record  # noqa: PLC0415
    from deployer.audit.actor import ENGINE  # noqa: PLC0415

    with transaction.atomic():
        record("bench.changed", "Something happened.", by=ENGINE, application=application)
    return time.monotonic()


if __name__ == "__main__":
    django.setup()
    call_command("migrate", verbosity=0)
    if sys.argv[1:]:
        seed(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2] else None)
    changed = busiest()
    print(sign_in(), changed, flush=True)
    for _ in sys.stdin:
        print(change(changed), flush=True)
