"""Policies, readiness and trust issues by the API."""

from typing import Any

import pytest

from apps_registry.models import Application, TrustIssue, Watcher
from apps_registry.trust import resolve_trust_issue
from deployer.audit.models import Event
from tests.scene import Scene
from tests.web.applications.desk import REASON, make_automatic, rollback_tried, stranger, target_in, viewer
from tests.web.calendar.calls import Caller, fields_of, signed_in, token, token_for_all

POLICY = "applications/frontend/environments/integration/policy"
SCOPES = ("read", "promotions:write")


def missing(body: dict[str, Any]) -> list[str]:
    return [item["need"] for item in body["items"] if not item["met"]]


def test_readiness_is_read_as_values(today: Scene, frontend: Application) -> None:
    answer = token(frontend, scopes=("read",)).get(POLICY)

    assert answer.status_code == 200
    body = answer.json()
    assert (body["application"], body["environment"], body["policy"]) == ("frontend", "integration", "manual")
    assert body["ready"] is False
    assert missing(body) == ["rollback_tried"]
    rollback = next(item for item in body["items"] if item["need"] == "rollback_tried")
    assert rollback["overridable"] is True
    assert rollback["link"].endswith("/applications/frontend/integration/roll-back/")


def test_a_token_makes_automatic_what_is_ready(today: Scene, frontend: Application) -> None:
    rollback_tried(today, target_in(frontend, "integration"))

    answer = token(frontend, scopes=SCOPES).post(POLICY, {"policy": "automatic"})

    assert answer.status_code == 200
    assert (answer.json()["policy"], answer.json()["ready"]) == ("automatic", True)
    assert Event.objects.get(kind="target.policy_changed").actor_label.startswith("token ")


def test_what_lacks_something_is_refused_with_what_it_lacks(today: Scene, frontend: Application) -> None:
    Watcher.objects.all().delete()

    answer = signed_in(today.manager()).post(POLICY, {"policy": "automatic", "override_reason": REASON})

    assert answer.status_code == 409
    assert answer["content-type"] == "application/problem+json"
    [item] = answer.json()["missing"]
    assert (item["need"], item["overridable"]) == ("watcher", False)
    assert target_in(frontend, "integration").policy == "manual"


def test_a_release_manager_overrides_and_no_token_does(today: Scene, frontend: Application) -> None:
    body = {"policy": "automatic", "override_reason": REASON}

    assert token_for_all(*SCOPES).post(POLICY, body).status_code == 403
    assert signed_in(today.person()).post(POLICY, body).status_code == 403
    short = signed_in(today.manager()).post(POLICY, body | {"override_reason": "It is ok"})
    assert fields_of(short) == ["override_reason"]
    answer = signed_in(today.manager()).post(POLICY, body)

    assert answer.status_code == 200
    assert answer.json()["policy"] == "automatic"
    assert Event.objects.get(kind="target.policy_changed").data["missing"] == ["rollback_tried"]


def test_it_becomes_manual(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")

    assert token(frontend, scopes=SCOPES).post(POLICY, {"policy": "manual"}).json()["policy"] == "manual"


@pytest.mark.parametrize("body", [{}, {"policy": "sometimes"}, {"policy": "manual", "because": "x"}])
def test_a_wrong_body_names_its_field(today: Scene, frontend: Application, body: dict[str, str]) -> None:
    assert fields_of(token(frontend, scopes=SCOPES).post(POLICY, body)) == [next(reversed(body), "policy")]


def test_trust_issues_are_opened_listed_and_resolved(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")
    caller = token(frontend, scopes=SCOPES)

    opened = caller.post(
        "trust-issues",
        {"application": "frontend", "environment": "integration", "reason": "It is slow.", "make_manual": True},
    )
    assert opened.status_code == 201
    issue = opened.json()
    assert (issue["environment"], issue["reason"], issue["resolved_at"]) == ("integration", "It is slow.", None)
    assert issue["opened_by"].startswith("token ")
    assert target_in(frontend, "integration").policy == "manual"

    resolved = caller.post(f"trust-issues/{issue['id']}/resolve", {"resolution": "Mended."})
    assert resolved.status_code == 200
    assert (resolved.json()["resolution"], resolved.json()["resolved_by"]) == ("Mended.", issue["opened_by"])
    again = caller.post(f"trust-issues/{issue['id']}/resolve", {"resolution": "Mended."})
    assert again.status_code == 409

    assert [one["id"] for one in caller.get("trust-issues").json()["results"]] == [issue["id"]]


def test_the_list_is_filtered(today: Scene, frontend: Application, router: Application) -> None:
    here, there = (environment for environment in today.environments[:2])
    made = [
        TrustIssue.objects.create(application=application, environment=environment, reason="Slow.")
        for application, environment in ((frontend, here), (frontend, there), (frontend, None), (router, None))
    ]
    resolve_trust_issue(issue=made[2], resolution="Mended.", rights=today.manager())
    caller = token_for_all(*SCOPES)

    def found(**query: str) -> set[int]:
        return {one["id"] for one in caller.get("trust-issues", **query).json()["results"]}

    ids = [issue.pk for issue in made]
    assert found() == set(ids)
    assert found(application="frontend") == set(ids[:3])
    assert found(environment=here.slug) == {ids[0], ids[2], ids[3]}
    assert found(state="open") == {ids[0], ids[1], ids[3]}
    assert found(state="resolved", application="frontend") == {ids[2]}
    assert fields_of(caller.get("trust-issues", state="sleeping")) == ["state"]


def test_a_limited_token_sees_and_changes_only_its_own(
    today: Scene, frontend: Application, router: Application
) -> None:
    issue = TrustIssue.objects.create(application=router, reason="Slow.")
    caller = token(frontend, scopes=SCOPES)

    assert caller.get("trust-issues").json()["results"] == []
    for answer in (
        caller.get("trust-issues", application="router"),
        caller.post("trust-issues", {"application": "router", "reason": "Slow."}),
        caller.post(f"trust-issues/{issue.pk}/resolve", {"resolution": "Mended."}),
        caller.get("applications/router/environments/integration/policy"),
        caller.post("applications/router/environments/integration/policy", {"policy": "manual"}),
    ):
        assert answer.status_code == 403


WRITES: list[tuple[str, dict[str, str]]] = [
    (POLICY, {"policy": "manual"}),
    ("trust-issues", {"application": "frontend", "reason": "Slow."}),
    ("trust-issues/1/resolve", {"resolution": "Mended."}),
]


@pytest.mark.parametrize(("path", "body"), WRITES)
def test_a_write_needs_its_scope_and_the_right_to(
    today: Scene, frontend: Application, path: str, body: dict[str, str]
) -> None:
    TrustIssue.objects.create(pk=1, application=frontend, reason="Slow.")
    callers: list[Caller] = [
        token(frontend, scopes=("read", "slots:write")),
        signed_in(viewer(today)),
        signed_in(stranger(today)),
    ]

    for caller in callers:
        assert caller.post(path, body).status_code == 403

    assert TrustIssue.objects.open().count() == 1


@pytest.mark.parametrize(
    "path",
    [
        "applications/nothing/environments/integration/policy",
        "applications/frontend/environments/moon/policy",
    ],
)
def test_where_it_does_not_run_there_is_no_policy(today: Scene, frontend: Application, path: str) -> None:
    caller = token_for_all(*SCOPES)

    assert caller.get(path).status_code == 404
    assert caller.post(path, {"policy": "manual"}).status_code == 404


def test_a_call_that_is_repeated_with_its_key_writes_once(today: Scene, frontend: Application) -> None:
    caller, body = token(frontend, scopes=SCOPES), {"application": "frontend", "reason": "Slow."}

    first, second = (caller.post("trust-issues", body, **{"Idempotency-Key": "one"}) for _ in range(2))

    assert first.json() == second.json()
    assert TrustIssue.objects.count() == 1
