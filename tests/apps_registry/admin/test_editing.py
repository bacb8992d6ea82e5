"""A person adds and changes each kind of row; each change writes its event, with who and from what to what."""

from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission
from django.test import Client

from apps_registry.models import (
    Application,
    Environment,
    ExclusionGroup,
    Membership,
    Target,
    TargetCheck,
    Team,
    TrustIssue,
    Watcher,
)
from apps_registry.models.target import Policy
from deployer.access.models import User
from deployer.audit.models import Event
from tests.apps_registry.admin.pages import (
    Fields,
    add_inline,
    add_page,
    address,
    change_page,
    fill,
    form_on,
    saved,
    send,
)
from tests.apps_registry.factories import make_application, make_environment, make_target, make_team, make_user

pytestmark = pytest.mark.django_db


def add(browser: Client, model: Any, **values: Any) -> Any:
    url = add_page(model)
    assert saved(send(browser, url, fill(form_on(browser, url, model), **values)))
    return model.objects.latest("pk")


def change(browser: Client, row: Any, **values: Any) -> None:
    url = change_page(row)
    assert saved(send(browser, url, fill(form_on(browser, url, type(row)), **values)))
    row.refresh_from_db()


def opened(browser: Client, row: Any) -> Fields:
    return form_on(browser, change_page(row), type(row))


def told(kind: str) -> Event:
    return Event.objects.get(kind=kind)


def test_a_team_is_added_and_changed(browser: Client) -> None:
    team = add(browser, Team, name="Content APIs", slug="content-apis", slack_channel="#content-apis")
    change(browser, team, name="Content", alerts_channel="#content-alerts")

    assert told("registry.team.created").sentence == "Added the team Content APIs."
    event = told("registry.team.changed")
    assert event.data == {"name": ["Content APIs", "Content"], "alerts_channel": ["", "#content-alerts"]}
    assert event.sentence == (
        "Changed the team Content: name from Content APIs to Content; alerts channel from nothing to #content-alerts."
    )
    assert (event.actor_kind, event.actor_label) == ("user", "Ada Lovelace")


def test_a_team_gets_a_member_and_loses_one(browser: Client) -> None:
    team, grace, edsger = make_team(), make_user(username="grace"), make_user(username="edsger")
    Membership.objects.create(team=team, user=edsger)
    fields = opened(browser, team)
    add_inline(fields, "memberships", user=grace.pk)
    fields["memberships-0-DELETE"] = ["on"]

    assert saved(send(browser, change_page(team), fields))

    assert [membership.user for membership in team.memberships.all()] == [grace]
    assert told("registry.membership.created").data["user"] == [None, "grace"]
    assert told("registry.membership.deleted").data["user"] == ["edsger", None]
    assert not Event.objects.filter(kind="registry.team.changed").exists()


def test_an_environment_is_added_and_changed(browser: Client) -> None:
    environment = add(browser, Environment, name="Staging", slug="staging", position=20)
    change(browser, environment, capacity=3)

    event = told("registry.environment.changed")
    assert (event.environment, event.data) == ("staging", {"capacity": [10, 3]})


def test_an_application_is_added_and_changed(browser: Client) -> None:
    old, new = make_team(name="Old"), make_team(name="New")
    application = add(browser, Application, name="Router", slug="router", owner=old.pk)
    change(browser, application, owner=new.pk, notes="Ask first.\nThen deploy.")

    assert told("registry.application.created").application == "router"
    event = told("registry.application.changed")
    assert event.data == {"owner": ["Old", "New"], "notes": ["", "Ask first.\nThen deploy."]}
    assert event.sentence == "Changed the application router: owner from Old to New; notes."


def test_a_slug_stays_as_it_was_added(browser: Client) -> None:
    application = make_application(slug="router")

    assert "slug" not in opened(browser, application)
    change(browser, application, slug="other")

    assert application.slug == "router"


def test_an_application_s_page_adds_its_targets_and_watchers(browser: Client) -> None:
    application, staging = make_application(slug="router"), make_environment(slug="staging")
    fields = opened(browser, application)
    add_inline(fields, "targets", environment=staging.pk, url="router.example.org")
    add_inline(fields, "watchers", kind="slack", address="#router")

    assert saved(send(browser, change_page(application), fields))

    assert Target.objects.get().url == "https://router.example.org"
    assert Watcher.objects.get().address == "#router"
    kinds = Event.objects.filter(application="router").values_list("kind", flat=True)
    assert set(kinds) == {"registry.target.created", "registry.watcher.created"}


def test_an_application_s_page_changes_how_slots_are_used_but_not_where_it_is(browser: Client) -> None:
    target = make_target(policy=Policy.AUTOMATIC)
    elsewhere = make_environment()
    fields = opened(browser, target.application)
    fill(fields, **{"targets-0-slot_policy": "not_used", "targets-0-environment": elsewhere.pk})

    assert saved(send(browser, change_page(target.application), fields))

    before = target.environment
    target.refresh_from_db()
    assert (target.slot_policy, target.environment) == ("not_used", before)
    event = told("registry.target.changed")
    assert event.data == {"slot_policy": ["optional", "not_used"]}
    assert (event.application, event.environment) == (target.application.slug, target.environment.slug)


def test_a_target_is_added_and_changed_with_its_configuration(browser: Client) -> None:
    application, staging = make_application(), make_environment(slug="staging")
    target = add(
        browser,
        Target,
        application=application.pk,
        environment=staging.pk,
        deployer="command",
        deployer_config='{"program": "deploy"}',
    )
    change(browser, target, soak=600, deployer_config='{"program": "deploy", "timeout_seconds": 60}')

    assert target.deployer_config == {"program": "deploy", "timeout_seconds": 60}
    event = told("registry.target.changed")
    assert (event.application, event.environment) == (application.slug, "staging")
    assert event.data["soak"] == [0, 600]


def test_an_emptied_configuration_means_no_settings(browser: Client) -> None:
    target = make_target(deployer_config={"old": 1})

    change(browser, target, deployer_config="")

    assert target.deployer_config == {}


def test_a_target_s_page_adds_changes_and_removes_checks(browser: Client) -> None:
    target = make_target()
    url = {"program": "smoke"}
    TargetCheck.objects.create(target=target, name="slow", kind="command", config=url)
    TargetCheck.objects.create(target=target, name="old", kind="command", config=url)
    fields = opened(browser, target)
    add_inline(fields, "checks", name="new", kind="command", config='{"program": "smoke"}', position=2)
    fill(fields, **{"checks-0-timeout": 600, "checks-1-DELETE": "on"})

    assert saved(send(browser, change_page(target), fields))

    assert list(target.checks.values_list("name", "timeout")) == [("slow", 600), ("new", 300)]
    assert told("registry.target_check.changed").data == {"timeout": [300, 600]}
    assert told("registry.target_check.created").application == target.application.slug
    assert told("registry.target_check.deleted").data["name"] == ["old", None]


def test_an_exclusion_group_tells_who_came_and_went(browser: Client) -> None:
    one, two, three = (make_application(slug=slug) for slug in ("one", "two", "three"))
    group = add(browser, ExclusionGroup, slug="search", reason="They share an index.", applications=[one.pk, two.pk])
    change(browser, group, applications=[two.pk, three.pk])

    assert told("registry.exclusion_group.created").data["applications"] == [None, ["one", "two"]]
    assert told("registry.exclusion_group.changed").data == {"applications": [["one", "two"], ["three", "two"]]}


def test_a_watcher_is_added_and_changed(browser: Client) -> None:
    application = make_application(slug="router")
    watcher = add(browser, Watcher, application=application.pk, kind="email", address="ada@example.org")
    change(browser, watcher, kind="slack", address="#router")

    event = told("registry.watcher.changed")
    assert event.application == "router"
    assert event.data == {"kind": ["email", "slack"], "address": ["ada@example.org", "#router"]}


def test_trust_issues_are_shown_and_not_edited(browser: Client, ada: User) -> None:
    application = make_application(slug="router")
    issue = TrustIssue.objects.create(application=application, reason="Flaky.", opened_by=ada)

    changing = browser.post(change_page(issue), {"resolution": "Stable for a month."})
    adding = browser.post(add_page(TrustIssue), {"application": application.pk, "reason": "Slow."})
    page = browser.get(change_page(issue)).content.decode()

    assert (changing.status_code, adding.status_code) == (403, 403)
    assert TrustIssue.objects.get().resolution == ""
    assert "Ada Lovelace" in page
    assert f"/trust-issues/{issue.pk}/resolve/" in page


def test_a_policy_is_shown_with_the_page_that_changes_it(browser: Client) -> None:
    target = make_target(deployer="command", deployer_config={"program": "deploy"})

    change(browser, target, policy="automatic")
    change(browser, target.application, **{"targets-0-policy": "automatic"})

    target.refresh_from_db()
    assert target.policy == "manual"
    for row in (target, target.application):
        assert target.policy_url in browser.get(change_page(row)).content.decode()
    assert not Event.objects.exists()


def test_a_person_is_added_changed_and_put_into_a_team(browser: Client) -> None:
    team = make_team(name="Content")
    person = add(
        browser, User, username="grace", usable_password="false", role="developer", time_zone="America/New_York"
    )
    assert not person.has_usable_password()
    fields = opened(browser, person)
    fill(fields, role="release_manager")
    add_inline(fields, "memberships", team=team.pk)

    assert saved(send(browser, change_page(person), fields))

    assert told("access.user.changed").data == {"role": ["developer", "release_manager"]}
    assert told("registry.membership.created").data["team"] == [None, "Content"]


def test_a_changed_password_is_told_of_without_the_password(browser: Client) -> None:
    person = make_user(username="grace")
    url = address(User, "changelist") + f"{person.pk}/password/"
    password = "correct horse battery staple"

    assert saved(browser.post(url, {"usable_password": "true", "password1": password, "password2": password}))  # type: ignore[arg-type]

    event = told("access.user.password_changed")
    assert event.sentence == "Changed the password of grace."
    assert event.data == {}


def test_events_hold_no_hash_of_a_password(browser: Client) -> None:
    add(browser, User, username="grace", usable_password="false", role="viewer", time_zone="Europe/London")

    assert "password" not in told("access.user.created").data


def test_saving_without_a_change_writes_no_event(browser: Client) -> None:
    target = make_target(policy=Policy.AUTOMATIC)
    for row in (target, target.application, target.environment, target.application.owner):
        change(browser, row)

    assert not Event.objects.exists()


def test_removing_a_row_writes_its_event(browser: Client) -> None:
    environment = make_environment(slug="staging")

    response = browser.post(address(Environment, "delete", environment.pk), {"post": "yes"})

    assert saved(response)  # type: ignore[arg-type]
    event = told("registry.environment.deleted")
    assert (event.sentence, event.data["slug"]) == ("Removed the environment staging.", ["staging", None])


def test_removing_several_rows_from_the_list_writes_an_event_for_each(browser: Client) -> None:
    rows = [make_team(), make_team()]

    browser.post(
        address(Team, "changelist"),
        {"action": "delete_selected", "_selected_action": [row.pk for row in rows], "post": "yes"},
    )

    assert not Team.objects.exists()
    assert Event.objects.filter(kind="registry.team.deleted").count() == 2


def test_an_application_with_targets_cannot_be_removed(browser: Client) -> None:
    target = make_target()

    response = browser.post(address(Application, "delete", target.application.pk), {"post": "yes"})

    assert response.status_code == 200
    assert "protected" in response.content.decode()
    assert Application.objects.exists()


def test_django_s_history_has_each_change_too(browser: Client) -> None:
    team = add(browser, Team, name="Content", slug="content")
    change(browser, team, email="content@example.org")

    assert LogEntry.objects.filter(object_id=str(team.pk)).count() == 2


def test_staff_who_may_edit_people_cannot_raise_themselves(db: None) -> None:
    clerk = make_user(is_staff=True)
    clerk.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client = Client()
    client.force_login(clerk)
    fields = form_on(client, change_page(clerk), User)

    send(client, change_page(clerk), fill(fields, is_superuser="on", role="release_manager", first_name="Cleo"))

    clerk.refresh_from_db()
    assert (clerk.first_name, clerk.is_superuser, clerk.role) == ("Cleo", False, "viewer")
