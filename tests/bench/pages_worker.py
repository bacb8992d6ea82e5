"""Answers the name of a page with the milliseconds that a request of it took, of a database of sample data.

The month is the same in each, so that what pages show is as much: the rest of the promotions are of the years before.
"""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from functools import partial
from itertools import cycle

import django
from django.core.management import call_command
from django.test import Client
from django.utils import timezone

from deployer.web.settling import settle

RECENT = 900
SEED = "seed"
DIFFERENT = 25
"""So many applications and promotions are asked for in turns."""


def seed(promotions: int, applications: int | None) -> str:
    """Sample data of this size; returns what there is in words."""
    # Models can be imported only after Django is set up.
    from apps_registry.models import Application  # noqa: PLC0415
    from deployer.promotions.models import Promotion  # noqa: PLC0415
    from deployer.web.sample.estate import hosted  # noqa: PLC0415
    from deployer.web.sample.month import make_sample  # noqa: PLC0415
    from deployer.web.sample.plan import planned  # noqa: PLC0415

    plan = planned(
        now=timezone.now(), hosted=hosted(), applications=applications, promotions=promotions, seed=1, recent=RECENT
    )
    make_sample(plan, password="bench")
    return f"{Application.objects.count():,} applications, {Promotion.objects.count():,} promotions"


def measures() -> dict[str, Callable[[], None]]:
    """A request of each page, by its name; a different one of its kind each time. Of the board also one for which
    nothing was kept from the last."""
    from apps_registry.models import Application  # noqa: PLC0415
    from deployer.access.models import User  # noqa: PLC0415
    from deployer.promotions.models import Promotion  # noqa: PLC0415
    from deployer.web.board import kept  # noqa: PLC0415

    client = Client(HTTP_HOST="127.0.0.1")
    client.force_login(User.objects.get(username="developer"))
    applications = [one.get_absolute_url() for one in Application.objects.order_by("pk")[:DIFFERENT]]
    promotions = [one.get_absolute_url() for one in Promotion.objects.order_by("-pk")[:DIFFERENT]]
    addresses: dict[str, Iterator[str]] = {
        "board": cycle(["/"]),
        "application": cycle(applications),
        "promotion": cycle(promotions),
        "calendar": cycle(["/calendar/"]),
    }

    def get(name: str) -> None:
        address = next(addresses[name])
        if client.get(address).status_code != 200:
            raise RuntimeError(f"{address} does not answer.")

    def get_anew() -> None:
        kept.forget()
        get("board")

    return {name: partial(get, name) for name in addresses} | {"board, for the first time": get_anew}


def main() -> None:
    """Says what there is, then for each line that names a page its milliseconds."""
    django.setup()
    if sys.argv[-1] == SEED:
        call_command("migrate", verbosity=0)
        print(seed(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2] else None), flush=True)
        return
    # A process of its own, so that the one that answers is as a web process is: without what made the million.
    subprocess.run([sys.executable, "-m", __spec__.name, *sys.argv[1:], SEED], check=True)
    known = measures()
    settle()
    for line in sys.stdin:
        begun = time.perf_counter()
        known[line.strip()]()
        print((time.perf_counter() - begun) * 1000, flush=True)


if __name__ == "__main__":
    main()
