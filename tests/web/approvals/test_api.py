"""Approvals by the API."""

from typing import Any

import pytest

from deployer.access.models.user import Role
from deployer.promotions.models import Approval, Promotion
from tests.scene import Scene
from tests.web.calendar.calls import fields_of, signed_in, token, token_for_all

APPROVE = {"verdict": "approve"}


def test_a_person_approves_and_everyone_reads_how_it_stands(today: Scene, asked: Promotion) -> None:
    answer = signed_in(today.person()).post(f"promotions/{asked.pk}/approvals", APPROVE | {"comment": "Looks right."})

    assert answer.status_code == 200
    body = answer.json()
    assert (body["promotion"], body["state"], body["needed"], body["given"]) == (asked.pk, "waiting", 2, 1)
    assert body["asked_until"] is not None
    [one] = body["answers"]
    assert (one["by"], one["verdict"], one["text"], one["counts"]) == ("Alex Doe", "approve", "Looks right.", True)
    reader = token(asked.application, scopes=("read",))
    assert reader.get(f"promotions/{asked.pk}/approvals").json() == body


def test_a_person_rejects(today: Scene, asked: Promotion) -> None:
    body = {"verdict": "reject", "reason": "It drops a table."}
    answer = signed_in(today.manager()).post(f"promotions/{asked.pk}/approvals", body).json()

    assert (answer["state"], answer["given"], answer["asked_until"]) == ("aborted", 0, None)
    assert answer["answers"][0]["verdict"] == "reject"


def test_the_same_key_answers_once(today: Scene, asked: Promotion) -> None:
    caller = signed_in(today.person())
    headers = {"idempotency-key": "once"}
    first, again = (caller.post(f"promotions/{asked.pk}/approvals", APPROVE, **headers) for _ in range(2))

    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json() == again.json()


def test_no_token_may_answer_whatever_its_scopes(asked: Promotion) -> None:
    answer = token_for_all("read", "promotions:write").post(f"promotions/{asked.pk}/approvals", APPROVE)

    assert answer.status_code == 403
    assert answer.json()["detail"] == "A token may not do this: only a person can, signed in."
    assert not Approval.objects.exists()


def test_who_may_not_is_told_who_may(today: Scene, asked: Promotion) -> None:
    for rights in (today.person("vera", role=Role.VIEWER, teams=()), today.person("olli", teams=("other",))):
        answer = signed_in(rights).post(f"promotions/{asked.pk}/approvals", APPROVE)
        assert answer.status_code == 403
        assert "Only developers of Web and release managers" in answer.json()["detail"]


def test_a_second_approval_is_a_conflict(today: Scene, asked: Promotion) -> None:
    caller = signed_in(today.person())
    caller.post(f"promotions/{asked.pk}/approvals", APPROVE)

    answer = caller.post(f"promotions/{asked.pk}/approvals", APPROVE)

    assert answer.status_code == 409
    assert answer.json()["detail"] == "You have approved it already."


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "verdict"),
        ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "reject"}, "reason"),
        ({"verdict": "reject", "reason": "  "}, "reason"),
        ({"verdict": "reject", "reason": "No.", "comment": "No."}, "comment"),
        ({"verdict": "approve", "reason": "Yes."}, "reason"),
        ({"verdict": "approve", "comment": 7}, "comment"),
        ({"verdict": "approve", "coment": "Yes."}, "coment"),
    ],
)
def test_what_can_t_be_read_is_named(today: Scene, asked: Promotion, body: dict[str, Any], field: str) -> None:
    answer = signed_in(today.person()).post(f"promotions/{asked.pk}/approvals", body)

    assert fields_of(answer) == [field]
    assert not Approval.objects.exists()


def test_a_limited_token_reads_only_its_applications(today: Scene, asked: Promotion) -> None:
    other = today.application("router", environments=1)

    answer = token(other, scopes=("read",)).get(f"promotions/{asked.pk}/approvals")

    assert answer.status_code == 403


def test_an_unknown_promotion_is_not_found(today: Scene) -> None:
    assert signed_in(today.manager()).post("promotions/999/approvals", APPROVE).status_code == 404
