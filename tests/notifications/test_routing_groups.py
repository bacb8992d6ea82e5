"""Who hears of which kind of event, unasked and when asked for, and how urgently."""

import pytest

from apps_registry.models import Application, Environment, Team, Watcher
from apps_registry.models.watcher import EventGroup
from deployer.access.models import User
from deployer.audit.models import Event
from deployer.notifications.groups import FAMILIES, KINDS, telling_of
from deployer.notifications.models import Channel
from deployer.notifications.routing import Receiver, receivers

OWNER = "web@example.org"
USUAL = "usual@example.org"


@pytest.fixture
def application(db: None) -> Application:
    """Owned by Web; somebody watches it who asked for nothing in particular."""
    team = Team.objects.create(slug="web", name="Web", email=OWNER)
    for position, slug in enumerate(("staging", "production"), start=1):
        Environment.objects.create(slug=slug, name=slug.title(), position=position)
    made = Application.objects.create(slug="frontend", name="Frontend", owner=team)
    Watcher.objects.create(application=made, kind="email", address=USUAL)
    return made


def told(kind: str, environment: str = "staging", **fields: object) -> list[Receiver]:
    return receivers(Event(kind=kind, application="frontend", environment=environment, sentence="It did.", **fields))


TABLE = [
    # kind, the owner hears, who watches the usual hears, urgent
    ("promotion.requested", False, False, False),
    ("promotion.started", False, False, False),
    ("promotion.waits", False, False, False),
    ("promotion.step_passed", False, False, False),
    ("promotion.superseded", False, False, False),
    ("promotion.succeeded", False, True, False),
    ("promotion.failed", True, True, True),
    ("promotion.errored", True, True, True),
    ("promotion.aborted", False, True, False),
    ("promotion.frozen", True, True, False),
    ("promotion.overridden", False, True, False),
    ("hold.placed", True, True, False),
    ("hold.lifted", True, True, False),
    ("veto.placed", True, True, False),
    ("veto.withdrawn", True, True, False),
    ("pin.placed", True, True, False),
    ("pin.removed", True, True, False),
    ("approval.asked", True, True, False),
    ("approval.given", False, True, False),
    ("approval.rejected", True, True, True),
    ("approval.expired", True, True, False),
    ("stall.told", True, True, True),
    ("stall.ended", True, True, False),
    ("trust_issue.opened", True, False, False),
    ("trust_issue.resolved", True, False, False),
    ("target.policy_changed", True, False, False),
    ("error.new", True, True, False),
    ("error.regressed", True, True, False),
    ("slot.booked", False, False, False),
    ("slot.frozen", True, True, False),
    ("slot.missed", True, True, False),
    ("slot.not_promoted", True, True, False),
    ("slot.cancelled", False, True, False),
    ("slot.moved", False, True, False),
    ("slot_series.ended", False, False, False),
]


@pytest.mark.parametrize(("kind", "owner", "usual", "urgent"), TABLE)
def test_who_hears_unasked(application: Application, kind: str, owner: bool, usual: bool, urgent: bool) -> None:
    found = {one.address: one for one in told(kind)}

    assert (OWNER in found, USUAL in found) == (owner, usual)
    assert all(one.urgent is urgent for one in found.values())


@pytest.mark.parametrize("kind", [kind for kind, *_ in TABLE])
@pytest.mark.parametrize("group", EventGroup)
def test_a_watcher_who_names_kinds_of_event_hears_of_those_and_no_others(
    application: Application, kind: str, group: EventGroup
) -> None:
    Watcher.objects.create(application=application, kind="email", address="asked@example.org", events=[group.value])

    telling = telling_of(kind)

    assert telling is not None
    assert ("asked@example.org" in {one.address for one in told(kind)}) is (telling.group is group)


@pytest.mark.parametrize("kind", ["release.registered", "registry.team.changed", "notification.redelivered", "", "x"])
def test_of_what_is_no_news_nobody_hears(application: Application, kind: str) -> None:
    assert told(kind) == []


def test_every_group_has_a_kind_of_event(db: None) -> None:
    assert {telling.group for telling in (*KINDS.values(), *FAMILIES.values())} == set(EventGroup)


@pytest.mark.parametrize(("where", "heard"), [("staging", True), ("production", False), ("", True)])
def test_what_is_about_no_environment_is_about_each(application: Application, where: str, heard: bool) -> None:
    staging = Environment.objects.get(slug="staging")
    Watcher.objects.create(application=application, kind="email", address="s@example.org", environment=staging)

    assert ("s@example.org" in {one.address for one in told("hold.placed", where)}) is heard


@pytest.mark.parametrize(
    ("kind", "channels", "place"),
    [
        ("promotion.failed", ("#web", "#web-alerts"), "#web-alerts"),
        ("promotion.frozen", ("#web", "#web-alerts"), "#web"),
        ("promotion.failed", ("#web", ""), "#web"),
        ("promotion.frozen", ("", "#web-alerts"), "#web-alerts"),
    ],
)
def test_a_team_hears_of_what_is_urgent_in_its_alerts_channel(
    application: Application, settings: object, kind: str, channels: tuple[str, str], place: str
) -> None:
    settings.SLACK_TOKEN = "xoxb-1"  # type: ignore[attr-defined]
    Team.objects.update(slack_channel=channels[0], alerts_channel=channels[1])

    assert [one.address for one in told(kind) if one.channel is Channel.SLACK] == [place]


def test_without_access_to_slack_a_channel_is_only_logged(application: Application) -> None:
    Team.objects.update(slack_channel="#web")

    assert [one.channel for one in told("promotion.failed") if one.address == "#web"] == [Channel.LOG]


@pytest.mark.parametrize("kind", ["promotion.failed", "promotion.errored", "stall.told"])
def test_a_stop_that_only_its_author_would_hear_of_is_told_to_the_operators(
    application: Application, settings: object, kind: str
) -> None:
    settings.FALLBACK_EMAIL = "operators@example.org"  # type: ignore[attr-defined]
    Team.objects.update(email="")
    Watcher.objects.all().delete()
    User.objects.create_user("ann", email="ann@example.org")
    Watcher.objects.create(application=application, kind="webhook", address="https://example.org/", connection="hook")

    found = told(kind, data={"authors": [{"name": "Ann", "email": "ann@example.org"}]})

    assert found[-1].address == "operators@example.org"
    assert found[-1].urgent


def test_in_a_slack_channel_a_stop_is_heard(application: Application, settings: object) -> None:
    settings.SLACK_TOKEN, settings.FALLBACK_EMAIL = "xoxb-1", "operators@example.org"  # type: ignore[attr-defined]
    Watcher.objects.all().delete()
    Team.objects.update(email="", slack_channel="#web")

    assert [one.address for one in told("promotion.failed")] == ["#web"]


def test_a_webhook_is_named_without_what_may_be_secret_in_its_address(application: Application) -> None:
    address = "https://hooks.example.org/releases?key=hunter2"
    Watcher.objects.create(application=application, kind="webhook", address=address, connection="release-hook")

    hook = next(one for one in told("promotion.succeeded") if one.channel is Channel.WEBHOOK)

    assert (hook.address, hook.connection) == (address, "release-hook")
    assert "hunter2" not in f"{hook.name} {hook.why}"
    assert hook.why == "https://hooks.example.org/releases watches frontend."


def test_a_person_is_not_told_of_what_they_did_nor_after_they_have_left(application: Application) -> None:
    ann = User.objects.create_user("ann", email="ann@example.org")
    bob = User.objects.create_user("bob", email="bob@example.org", is_active=False)
    for person in (ann, bob):
        Watcher.objects.create(application=application, kind="user", user=person)

    by_ann = told("hold.placed", actor_kind="user", actor_ref=str(ann.pk))
    by_another = told("hold.placed", actor_kind="user", actor_ref="999")

    assert "ann@example.org" not in {one.address for one in by_ann}
    assert "ann@example.org" in {one.address for one in by_another}
    assert "bob@example.org" not in {one.address for one in by_another}


def test_one_address_in_two_ways_of_writing_it_is_told_once(application: Application) -> None:
    Watcher.objects.create(application=application, kind="email", address="Web@Example.org")

    assert [one.address for one in told("promotion.failed")].count("Web@Example.org") == 0
    assert [one.why for one in told("promotion.failed") if one.address == OWNER] == ["Web owns frontend."]


@pytest.mark.parametrize("kind", ["approval.asked", "slot.cancelled"])
def test_whose_plan_it_is_hears_of_it_first(application: Application, kind: str) -> None:
    ann = User.objects.create_user("ann", email="ann@example.org")

    first = told(kind, data={"people": [ann.pk]})[0]

    assert first.address == "ann@example.org"
    assert first.why == {"approval.asked": "ann may approve it.", "slot.cancelled": "ann booked it."}[kind]
