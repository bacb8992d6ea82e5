"""Registry rows for tests. Each call makes a new one; what a test does not name is made up."""

from itertools import count
from typing import Any

from django.db.models import Max

from apps_registry.models import Application, Environment, Target, Team
from apps_registry.models.target import Policy
from deployer.access.models import User

_numbers = count(1)


def _slug(kind: str) -> str:
    return f"{kind}-{next(_numbers)}"


def make_user(*, username: str = "", **fields: Any) -> User:
    """A person without a usable password: tests sign in with `client.force_login`."""
    user = User(username=username or _slug("person"), **fields)
    user.set_unusable_password()
    user.save()
    return user


def make_team(*, slug: str = "", **fields: Any) -> Team:
    slug = slug or _slug("team")
    return Team.objects.create(**{"slug": slug, "name": slug.capitalize(), **fields})


def make_application(*, slug: str = "", owner: Team | None = None, **fields: Any) -> Application:
    slug = slug or _slug("application")
    return Application.objects.create(
        **{"slug": slug, "name": slug.capitalize(), "owner": owner or make_team(), **fields}
    )


def make_environment(*, slug: str = "", **fields: Any) -> Environment:
    """An environment after all that there are; the one called production is production."""
    slug = slug or _slug("environment")
    last = Environment.objects.aggregate(last=Max("position"))["last"] or 0
    defaults = {"name": slug.capitalize(), "position": last + 10, "is_production": slug == "production"}
    return Environment.objects.create(**{"slug": slug, **defaults, **fields})


def make_target(
    *, application: Application | None = None, environment: Environment | None = None, **fields: Any
) -> Target:
    """A manual target without a deployer; `policy=Policy.AUTOMATIC` gives it the command deployer."""
    if fields.get("policy") == Policy.AUTOMATIC:
        fields = {"deployer": "command", "deployer_config": {"program": "deploy"}, **fields}
    return Target.objects.create(
        application=application or make_application(), environment=environment or make_environment(), **fields
    )
