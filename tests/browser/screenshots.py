"""Pictures of every page, to look at: `make screenshots`.

    python -m tests.browser.screenshots [--to FOLDER] [--only NAME …] [--widths 390 1280 1920] [--dark]

Makes sample data in a temporary folder, serves it, and writes FOLDER/<width>/<name>.png for each page of
tests/access/walk.py, seen as an admin who is in the team that has most to do. A page of which it does not know where to
look is an error: say so in PLACES.
"""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

Place = Callable[[], Sequence[Any]]
WIDTHS = (390, 1280, 1920)
NO_PAGES = frozenset(
    ("step-log", "step-log-lines", "live", "live-changes", "board-rows", "slot-ics", "audit-csv", "audit-new")
)


def places() -> dict[str, Place]:
    """By the name of an address, what fills it in. Those without one need nothing."""
    from apps_registry.models import Application, Environment, Team, TrustIssue
    from deployer.access.models import User
    from deployer.calendar.models import Freeze, Slot, SlotSeries
    from deployer.notifications.models import Notification
    from deployer.promotions.models import Hold, Pin, Promotion, Veto
    from deployer.releases.models import Release
    from deployer.tracking.models import TrackedError

    def hold() -> Hold:
        return Hold.objects.open().filter(promotion__isnull=False).latest("id")

    def application() -> Application:
        return hold().application

    def waiting(kind: str = "") -> Promotion:
        """The newest that waits, for this if it is said."""
        found = Promotion.objects.waiting().order_by("-id")
        return next(one for one in found if not kind or any(blocker.kind == kind for blocker in one.waits_for))

    def failed() -> Promotion:
        return Promotion.objects.filter(state="failed", steps__log__isnull=False).latest("id")

    def log() -> list[Any]:
        found = failed()
        step = found.steps.filter(log__isnull=False).first()
        assert step is not None
        return [found.pk, step.position]

    def slot() -> Slot:
        return Slot.objects.filter(state="booked").latest("starts_at")

    def target() -> list[Any]:
        found = application().targets.select_related("environment").first()
        assert found is not None
        return [found.application.slug, found.environment.slug]

    def newest(model: Any) -> Place:
        return lambda: [model.objects.latest("id").pk]

    slots = {name: lambda: [slot().pk] for name in ("slot", "slot-change", "slot-cancel", "slot-override")}
    freezes = {name: newest(Freeze) for name in ("freeze", "freeze-extend", "freeze-lift")}
    series = {name: newest(SlotSeries) for name in ("slot-series", "slot-series-end")}
    applications = {name: lambda: [application().slug] for name in ("application", "trust-issue-new")}
    return {
        "promotion-abort": lambda: [waiting().pk],
        "promotion-approve": lambda: [waiting("approval").pk],
        "promotion-override": lambda: [waiting("freeze").pk],
        "promotion-promote": lambda: [waiting("manual").pk],
        **slots,
        **freezes,
        **series,
        **applications,
        **dict.fromkeys(("roll-back", "pin-new", "target-policy"), target),
        "promotion": lambda: [failed().pk],
        "application-errors": lambda: [TrackedError.objects.latest("id").project.application.slug],
        "step-log-page": log,
        "release": newest(Release),
        "team": lambda: [Team.objects.first().slug],  # type: ignore[union-attr]
        "environment": lambda: [Environment.objects.last().slug],  # type: ignore[union-attr]
        "person": newest(User),
        "hold": lambda: [hold().pk],
        "hold-way": lambda: [hold().pk, "lift"],
        "pin-remove": newest(Pin),
        "veto-new": lambda: [failed().release_id],
        "veto-withdraw": newest(Veto),
        "trust-issue-resolve": newest(TrustIssue),
        "delivery": newest(Notification),
    }


def shots() -> list[tuple[str, str]]:
    """What is taken, as (name, path). Raises LookupError for a page of which nobody said where to look."""
    from django.urls import NoReverseMatch, reverse

    from tests.access.walk import PAGES

    known = places()
    found: list[tuple[str, str]] = []
    for name in dict.fromkeys(visit.name for visit in PAGES if visit.method == "GET"):
        if name in NO_PAGES:
            continue
        try:
            found.append((name, reverse(name, args=list(known[name]()) if name in known else [])))
        except NoReverseMatch as error:
            raise LookupError(f"Say in PLACES, in {Path(__file__).name}, where to look at {name}.") from error
    from deployer.promotions.models import Promotion

    for state in ("waiting", "verifying", "succeeded", "superseded"):
        promotion = Promotion.objects.filter(state=state).order_by("-id").first()
        if promotion is not None:
            found.append((f"promotion-{state}", promotion.get_absolute_url()))
    return [*found, ("not-found", "/nothing-here/"), ("stopped-none", "/stopped/?q=nothing-like-that")]


def an_admin() -> str:
    """The cookie of an admin who is in the team that has most to do."""
    from django.conf import settings
    from django.db.models import Count
    from django.test import Client

    from apps_registry.models import Membership, Team
    from deployer.access.models import User

    admin = User.objects.filter(is_superuser=True).first() or User.objects.create_superuser("admin")
    team = Team.objects.annotate(applications_held=Count("applications__holds")).order_by("-applications_held")[0]
    Membership.objects.get_or_create(user=admin, team=team)
    client = Client()
    client.force_login(admin)
    return client.cookies[settings.SESSION_COOKIE_NAME].value


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.browser.screenshots")
    parser.add_argument("--to", type=Path, default=Path("var/screenshots"))
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--widths", nargs="*", type=int, default=WIDTHS)
    parser.add_argument("--dark", action="store_true")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"DEPLOYER_DATA_DIR": folder, "DJANGO_SETTINGS_MODULE": "deployer.settings"}
        os.environ |= {"DJANGO_ALLOW_ASYNC_UNSAFE": "true", "DEPLOYER_LOCAL_PASSWORD_SIGN_IN": "true"}
        os.environ.pop("DATABASE_URL", None)
        import django

        django.setup()
        take(given.to, only=given.only, widths=given.widths, scheme="dark" if given.dark else "light")
    return 0


def take(folder: Path, *, only: Sequence[str], widths: Sequence[int], scheme: Any) -> None:
    from django.conf import settings
    from django.core.management import call_command

    from tests.browser.chromium import running_chromium
    from tests.browser.server import running_server

    call_command("migrate", verbosity=0)
    call_command("sample_data")
    wanted = [(name, path) for name, path in shots() if not only or name in only]
    cookie = an_admin()
    with running_server() as address, running_chromium() as chromium:
        for width in widths:
            (folder / str(width)).mkdir(parents=True, exist_ok=True)
            context = chromium.new_context(
                base_url=address, viewport={"width": width, "height": 900}, color_scheme=scheme
            )
            context.add_cookies([{"name": settings.SESSION_COOKIE_NAME, "value": cookie, "url": address}])
            page = context.new_page()
            for name, path in wanted:
                answer = page.goto(path)
                assert answer is not None
                page.locator("text=Loading…").wait_for(state="hidden")
                page.screenshot(path=folder / str(width) / f"{name}.png", full_page=True)
                print(f"{width} {answer.status} {name} {path}")
            context.close()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
