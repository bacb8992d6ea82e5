"""The page of approving, and what a promotion's own page says of its approvals."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps_registry.models import Target
from apps_registry.rights import Rights
from deployer.access.models.user import Role
from deployer.promotions.actions.approvals import approve
from deployer.promotions.models import Approval, Promotion
from deployer.releases.models import Change
from tests.scene import Scene
from tests.web.calendar.browser import Browser, Form, Page


def page_of(rights: Rights, promotion: Promotion) -> Page:
    return Browser(rights).open(f"/promotions/{promotion.pk}/approve/")


def form_for(page: Page, verdict: str) -> Form:
    return next(form for form in page.forms if form.fields["verdict"] == [verdict])


def answer(page: Page, verdict: str, **typed: str) -> Page:
    """Type into the form of this verdict, send it, and follow where it leads."""
    fields = form_for(page, verdict).fields | {name: [value] for name, value in typed.items()}
    return Page(page.client, page.client.post(page.path, fields, follow=True))


def refused(rights: Rights, promotion: Promotion, **typed: str) -> str:
    """What is answered to who may not and sends it all the same."""
    client = Client()
    assert rights.user is not None
    client.force_login(rights.user)
    response = client.post(f"/promotions/{promotion.pk}/approve/", typed)
    assert response.status_code == 403
    return str(response.content.decode())


def viewer(today: Scene) -> Rights:
    return today.person("vera", role=Role.VIEWER, teams=())


def test_the_page_says_who_asked_what_is_live_what_it_brings_and_what_was_answered(
    today: Scene, asked: Promotion
) -> None:
    Change.objects.create(
        release=asked.release, position=0, title="Faster search", author_name="Jo", url="https://forge.example/1"
    )
    approve(promotion=asked, rights=today.person("kim"), comment="Looks right.")

    page = page_of(today.person(), asked)

    assert "Approve v1 to integration?" in page.text
    assert "by Deployer" in page.text
    assert "Live now Nothing" in page.text
    assert "Approvals 1 of 2" in page.text
    assert "Approved Kim Doe" in page.text
    assert "Looks right." in page.text
    assert 'href="https://forge.example/1"' in page.source
    assert "Faster search" in page.text
    assert "Yours is the last that it needs: it goes at once." in page.text


def test_the_changes_of_skipped_releases_are_shown_with_theirs(today: Scene) -> None:
    application = today.application(environments=1)
    today.register(application, "v0")
    today.run()
    application.targets.update(approvals_needed=1)
    for version, title in (("v1", "Faster search"), ("v2", "New footer")):
        release = today.register(application, version)
        Change.objects.create(release=release, position=0, title=title)
    today.run(1)

    page = page_of(today.person(), today.promotion(release, "integration"))

    assert "What it brings over v0" in page.text
    assert "New footer v2 Faster search v1" in page.text


def test_an_approval_and_the_last_one_that_lets_it_go(today: Scene, asked: Promotion) -> None:
    page = page_of(today.person(), asked)
    assert "It then needs 1 more." in page.text

    page = answer(page, "approve", comment="Looks right.")

    assert page.path == asked.get_absolute_url()
    assert "Approved. See what it still waits for." in page.text
    assert "1 of 2 approvals" in page.text
    assert Approval.objects.get().reason == "Looks right."

    page = answer(page_of(today.manager(), asked), "approve")
    assert "Approved: it is on its way." in page.text


def test_a_rejection_ends_it(today: Scene, asked: Promotion) -> None:
    page = answer(page_of(today.person(), asked), "reject", reason="It drops a table.")

    assert page.path == asked.get_absolute_url()
    assert "Rejected by Alex Doe: It drops a table." in page.text
    assert "Rejected Alex Doe" in page.text
    assert "/approve/" not in page.source


def test_a_rejection_without_a_reason_is_told_and_nothing_is_lost(today: Scene, asked: Promotion) -> None:
    page = answer(page_of(today.person(), asked), "reject", reason="")

    assert page.text.startswith("Error:")
    assert "Say why it is rejected" in page.text
    assert form_for(page, "reject").fields["reason"] == [""]
    assert not Approval.objects.exists()


def test_what_is_too_long_is_told_and_nothing_typed_is_lost(today: Scene, asked: Promotion) -> None:
    page = answer(page_of(today.person(), asked), "approve", comment="c" * 5001)

    assert "The comment must be at most 5000 characters long" in page.text
    assert form_for(page, "approve").fields["comment"] == ["c" * 5001]


def test_who_has_approved_it_is_offered_only_to_reject_it(today: Scene, asked: Promotion) -> None:
    page = answer(page_of(today.person(), asked), "approve")
    page = page_of(today.person(), asked)

    assert "You have approved it already. You can still reject it." in page.text
    assert [form.fields["verdict"] for form in page.forms] == [["reject"]]


def test_a_second_approval_that_comes_from_an_old_page_is_refused_there(today: Scene, asked: Promotion) -> None:
    page = page_of(today.person(), asked)
    approve(promotion=asked, rights=today.person())

    page = answer(page, "approve")

    assert "You have approved it already." in page.text
    assert Approval.objects.count() == 1


def test_who_asked_for_it_is_told_why_they_can_t_approve_it(today: Scene) -> None:
    application = today.application(environments=1, approvals_needed=1, policy="manual")
    release = today.register(application, "v1")
    today.run(1)
    promotion = today.promotion(release, "integration")
    browser = Browser(today.person())
    page = browser.open(f"/promotions/{promotion.pk}/promote/").send("Promote it")
    assert "1 approval" in page.text

    page = page_of(today.person(), promotion)

    assert "You can't approve it: you asked for it, and here somebody else has to approve." in page.text
    assert [form.fields["verdict"] for form in page.forms] == [["reject"]]
    assert "you asked for it" in refused(today.person(), promotion, verdict="approve")


@pytest.mark.parametrize("verdict", ["approve", "reject"])
@pytest.mark.parametrize("name", ["vera", "olli"])
def test_who_may_not_answer_may_look_and_is_told_who_may(
    today: Scene, asked: Promotion, name: str, verdict: str
) -> None:
    rights = viewer(today) if name == "vera" else today.person("olli", teams=("other",))
    page = page_of(rights, asked)

    assert page.status == 200
    assert page.forms == []
    assert "Only developers of Web and release managers can approve or reject this" in page.text
    assert "Only developers of Web" in refused(rights, asked, verdict=verdict, reason="No.")
    assert not Approval.objects.exists()


def test_what_else_it_waits_for_is_said(today: Scene) -> None:
    application = today.application(environments=1, approvals_needed=1, policy="manual")
    release = today.register(application, "v1")
    today.run(1)

    page = page_of(today.person(), today.promotion(release, "integration"))

    assert "Not asked for yet" in page.text
    assert "What else it waits for" in page.text
    assert "Promotions of frontend to integration are started by a person." in page.text
    assert "It goes as soon as nothing else is in its way." in page.text


def test_one_that_waits_no_more_leads_back_to_its_page(today: Scene, asked: Promotion) -> None:
    page = page_of(today.person(), asked)
    approve(promotion=asked, rights=today.person("kim"))
    approve(promotion=asked, rights=today.person("jo"))

    assert page_of(today.person(), asked).path == asked.get_absolute_url()
    late = answer(page, "approve")
    assert "no longer waits: it is deploying." in late.text


def test_one_that_needs_none_leads_back_to_its_page(today: Scene) -> None:
    application = today.application(environments=1, policy="manual")
    release = today.register(application, "v1")
    today.run(1)
    promotion = today.promotion(release, "integration")

    page = page_of(today.person(), promotion)

    assert page.path == promotion.get_absolute_url()
    assert "Nobody needs to approve frontend v1 to integration." in page.text
    assert "approvals" not in page.ids


def test_an_approval_that_is_too_old_is_shown_as_one_that_no_longer_counts(today: Scene, asked: Promotion) -> None:
    approve(promotion=asked, rights=today.person("kim"))
    Approval.objects.update(at=timezone.now() - timedelta(days=2))
    Target.objects.update(approval_lasts=86400)

    page = page_of(viewer(today), asked)

    assert "which no longer counts" in page.text
    assert "Approvals 0 of 2" in page.text


def test_the_promotion_s_page_leads_those_who_may_to_answer_and_the_others_to_look(
    today: Scene, asked: Promotion
) -> None:
    link = f'href="/promotions/{asked.pk}/approve/"'
    theirs = Browser(today.person()).open(asked.get_absolute_url())
    seen = Browser(viewer(today)).open(asked.get_absolute_url())

    assert "0 of 2 approvals" in theirs.text
    assert "Nobody has answered yet." in theirs.text
    assert "Approve or reject it" in theirs.text
    assert "See what is to be approved" in seen.text
    assert "Approve or reject it" not in seen.text
    assert link in theirs.source
    assert link in seen.source


def test_an_unknown_promotion_is_not_found(today: Scene) -> None:
    assert Browser(today.manager()).open("/promotions/999/approve/").status == 404
