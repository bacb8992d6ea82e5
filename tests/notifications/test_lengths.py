"""The longest names and addresses that are taken don't keep the line from stopping, nor its team from being told."""

import pytest
from django.db import transaction
from django.db.models import CharField

from apps_registry.models import Application, Environment, Team, Watcher
from apps_registry.rights import rights_of_user
from deployer.access.models import User
from deployer.access.models.user import Role
from deployer.audit.models import Event
from deployer.notifications.models import Notification
from deployer.promotions.actions.hold import NewHold, place_hold
from deployer.promotions.models import Hold, Promotion
from tests.scene import Scene


def longest(model: type[Application | Environment | Hold | Team | User | Watcher], field: str) -> int:
    """How many characters the field of the model takes."""
    found = model._meta.get_field(field)
    assert isinstance(found, CharField)
    assert found.max_length is not None
    return found.max_length


def stop(scene: Scene, application: Application, version: str = "v1") -> Promotion:
    """Fail to deploy the application to its only environment."""
    environment = application.targets.get().environment.slug
    scene.backend.failing.add((application.slug, version, environment))
    release = scene.register(application, version)
    scene.run(60)
    return scene.promotion(release, environment)


def test_the_longest_slugs_names_and_versions(scene: Scene) -> None:
    Environment.objects.filter(slug="integration").update(slug="e" * longest(Environment, "slug"))
    scene.environments[0].refresh_from_db()
    application = scene.application("a" * longest(Application, "slug"), environments=1)
    Team.objects.update(name="T" * longest(Team, "name"))

    promotion = stop(scene, application, version="v" * 100)

    assert promotion.state == "failed"
    assert Hold.objects.open().filter(promotion=promotion).exists()
    told = Notification.objects.get(address="web@example.org")
    assert told.receiver == "T" * longest(Team, "name")
    assert told.why.endswith(f"owns {application.slug}.")


def test_the_longest_address_of_a_watcher(scene: Scene) -> None:
    application = scene.application(environments=1)
    address = address_of(longest(Watcher, "address"))
    watcher = Watcher(application=application, kind="email", address=address)
    watcher.full_clean()
    watcher.save()

    promotion = stop(scene, application)

    assert promotion.state == "failed"
    assert Notification.objects.filter(address=address).exists()


def test_the_longest_name_of_a_person_who_watches(scene: Scene) -> None:
    application = scene.application(environments=1)
    person = User(
        username="u" * longest(User, "username"),
        first_name="F" * longest(User, "first_name"),
        last_name="L" * longest(User, "last_name"),
        email="sam@example.org",
    )
    person.set_password("secret")
    person.full_clean()
    person.save()
    Watcher.objects.create(application=application, kind="user", user=person)

    promotion = stop(scene, application)

    assert promotion.state == "failed"
    assert Notification.objects.filter(address=person.email).exists()


@pytest.mark.parametrize("environment", ["integration", None])
def test_a_person_with_the_longest_name_stops_the_line(scene: Scene, environment: str | None) -> None:
    application = scene.application(environments=1)
    person = User.objects.create_user(
        "u",
        first_name="F" * longest(User, "first_name"),
        last_name="L" * longest(User, "last_name"),
        role=Role.RELEASE_MANAGER,
    )

    with transaction.atomic():
        place_hold(
            application=application,
            environment=Environment.objects.filter(slug=environment).first(),
            new=NewHold(reason="r" * 10_000, contact="c" * longest(Hold, "contact")),
            rights=rights_of_user(person),
        )

    hold = Hold.objects.open().get()
    assert person.get_full_name().startswith(hold.placed_by)
    assert Event.objects.get(kind="hold.placed").actor_label == hold.placed_by


def address_of(length: int) -> str:
    """An e-mail address that is valid and as long as this, or as long as one can be."""
    length = min(length, 254)
    local, rest = "a" * 60, length - 61
    labels: list[str] = []
    while rest > 63:
        labels.append("b" * 60)
        rest -= 61
    address = "@".join([local, ".".join([*labels, "c" * (rest - 4), "org"])])
    assert len(address) == length
    return address


def test_the_longest_address_of_a_team(scene: Scene) -> None:
    application = scene.application(environments=1)
    address = address_of(longest(Team, "email"))
    application.owner.email = address
    application.owner.full_clean()
    application.owner.save()

    promotion = stop(scene, application)

    assert promotion.state == "failed"
    assert Notification.objects.get().address == address


def test_the_longest_name_and_address_of_a_person_who_watches(scene: Scene) -> None:
    application = scene.application(environments=1)
    person = User(
        username="u" * longest(User, "username"),
        first_name="F" * longest(User, "first_name"),
        last_name="L" * longest(User, "last_name"),
        email=address_of(longest(User, "email")),
    )
    person.set_password("secret")
    person.full_clean()
    person.save()
    Watcher.objects.create(application=application, kind="user", user=person)

    promotion = stop(scene, application)

    assert promotion.state == "failed"
    assert Notification.objects.filter(address=person.email).exists()
