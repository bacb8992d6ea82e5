"""Approvals: who is asked, who may, what counts, and how it ends."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from apps_registry.models import Application
from apps_registry.models.team import Membership
from apps_registry.rights import Rights, rights_of_operator, rights_of_token
from deployer.access.models import ApiToken, User
from deployer.access.models.user import Role
from deployer.audit.actor import Actor, ActorKind
from deployer.audit.models import Event
from deployer.calendar.actions.freezes import NewFreeze, declare
from deployer.calendar.actions.overrides import NewOverride
from deployer.promotions.actions.approvals import approve, reject
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.actions.register import register
from deployer.promotions.models import Approval, Promotion
from deployer.refusal import NotAllowedError, RefusedError
from deployer.releases.actions import NewChange, NewRelease
from tests.scene import ALEX, CI, Scene

DAY = 86400


def asked(scene: Scene, *, needed: int = 2, **target: Any) -> Promotion:
    """A promotion that waits for nothing but its approvals."""
    application = scene.application(environments=1, approvals_needed=needed, **target)
    release = scene.register(application, "v1")
    scene.run(1)
    return scene.promotion(release, "integration")


def ask_by_hand(scene: Scene, promotion: Promotion, rights: Rights) -> None:
    promote(release=promotion.release, target=promotion.target, by=rights.actor, now=scene.now)


def state_of(promotion: Promotion) -> str:
    promotion.refresh_from_db()
    return promotion.state


def kinds(promotion: Promotion) -> list[str]:
    found = Event.objects.about_promotion(promotion.pk).filter(kind__startswith="approval.")
    return list(found.values_list("kind", flat=True))


class TestAsking:
    def test_people_are_asked_once_and_told_what_is_needed_and_where_to_answer(self, scene: Scene) -> None:
        alex, sam = scene.person(), scene.manager()
        promotion = asked(scene, needed=1)
        scene.run(600)

        event = Event.objects.get(kind="approval.asked")
        assert event.sentence == "frontend v1 to integration needs 1 approval."
        assert event.data["ways_out"] == [f"Approve or reject: {promotion.full_url()}approve/"]
        assert (event.data["needed"], event.data["given"]) == (1, [])
        assert event.data["people"] == [alex.user.pk]  # type: ignore[union-attr]
        assert sam.user.pk not in event.data["people"]  # type: ignore[union-attr]
        assert promotion.waits_for[0].sentence == "It needs 1 approval and has none yet."

    def test_release_managers_are_asked_too_where_the_team_is_too_small(self, scene: Scene) -> None:
        people = [scene.person(), scene.manager()]
        scene.person("vera", role=Role.VIEWER)
        scene.person("olli", teams=("other",))
        asked(scene, needed=2)

        assert Event.objects.get(kind="approval.asked").data["people"] == [one.user.pk for one in people if one.user]

    def test_nobody_is_asked_for_what_can_t_go(self, scene: Scene) -> None:
        promotion = asked(scene, policy="manual")
        assert (kinds(promotion), promotion.approval_asked_at) == ([], None)
        assert [blocker.kind for blocker in promotion.waits_for] == ["manual", "approval"]

        ask_by_hand(scene, promotion, scene.person())

        assert kinds(promotion) == ["approval.asked"]
        promotion.refresh_from_db()
        assert promotion.approval_asked_at == scene.now
        assert promotion.waits_for[0].until == scene.now + timedelta(days=1)

    def test_a_rollback_needs_none(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        for version in ("v1", "v2"):
            scene.register(application, version)
            scene.run()
        application.targets.update(approvals_needed=2)

        promotion = roll_back(target=application.targets.get(), by=ALEX, reason="Slow.", now=scene.now)
        scene.run()

        assert (state_of(promotion), kinds(promotion)) == ("succeeded", [])

    def test_a_target_that_needs_none_asks_nobody(self, scene: Scene) -> None:
        promotion = asked(scene, needed=0)

        assert kinds(promotion) == []


class TestApproving:
    def test_the_last_one_that_is_needed_lets_it_go_at_once(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2)

        approve(promotion=promotion, rights=scene.person(), comment="Looks right.", now=scene.now)
        assert state_of(promotion) == "waiting"
        assert promotion.waits_for[0].sentence == "It needs 2 approvals and has 1, by Alex Doe."
        approve(promotion=promotion, rights=scene.manager(), now=scene.now)

        assert state_of(promotion) == "deploying"
        assert kinds(promotion) == ["approval.asked", "approval.given", "approval.given"]
        first = Event.objects.filter(kind="approval.given").order_by("id")[0]
        assert first.sentence == "Alex Doe approved frontend v1 to integration: 1 of 2."
        assert (first.reason, first.data["given"]) == ("Looks right.", ["Alex Doe"])
        scene.run()
        assert state_of(promotion) == "succeeded"

    def test_one_that_is_given_before_people_were_asked_counts(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, policy="manual")
        approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)
        assert state_of(promotion) == "waiting"

        ask_by_hand(scene, promotion, scene.person())

        assert (state_of(promotion), kinds(promotion)) == ("deploying", ["approval.given"])

    def test_one_person_is_one_approval(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2)
        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        with pytest.raises(RefusedError, match="You have approved it already"):
            approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert (Approval.objects.count(), state_of(promotion)) == (1, "waiting")

    def test_one_that_is_too_old_counts_no_more_and_can_be_given_again(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2, policy="manual", approval_lasts=600)
        approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)
        scene.run(600)

        ask_by_hand(scene, promotion, scene.person())
        promotion.refresh_from_db()
        assert promotion.waits_for[0].sentence == "It needs 2 approvals and has none yet."
        approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)
        promotion.refresh_from_db()

        assert promotion.waits_for[0].sentence == "It needs 2 approvals and has 1, by Kim Doe."
        assert Approval.objects.get().at == scene.now

    def test_one_that_is_given_lapses_while_the_others_are_waited_for(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2, policy="manual", approval_lasts=600)
        approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)
        scene.run(500)
        ask_by_hand(scene, promotion, scene.person())
        scene.run(150)

        approve(promotion=promotion, rights=scene.manager(), now=scene.now)

        assert state_of(promotion) == "waiting"
        assert promotion.waits_for[0].sentence == "It needs 2 approvals and has 1, by Sam Doe."

    def test_whoever_left_can_t_let_it_go(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2)
        approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)
        User.objects.filter(username="kim").update(is_active=False)

        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert state_of(promotion) == "waiting"

    def test_whoever_has_left_the_team_can_t_let_it_go(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2)
        kim = scene.person("kim")
        approve(promotion=promotion, rights=kim, now=scene.now)
        Membership.objects.filter(user=kim.user).delete()

        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert state_of(promotion) == "waiting"
        assert promotion.waits_for[0].sentence == "It needs 2 approvals and has 1, by Alex Doe."

    def test_a_release_manager_can_override_it(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2)
        new = NewOverride(blocker="approval", reason="Nobody else is awake.", expires_at=scene.now + timedelta(hours=1))

        override_promotion(promotion=promotion, new=new, rights=scene.manager(), now=scene.now)

        assert state_of(promotion) == "deploying"


class TestWhoMayNot:
    def test_who_asked_for_it_can_t_approve_it_and_is_not_asked(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, policy="manual")
        kim = scene.person("kim")
        ask_by_hand(scene, promotion, scene.person())

        with pytest.raises(NotAllowedError, match="you asked for it, and here somebody else has to approve"):
            approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert Event.objects.get(kind="approval.asked").data["people"] == [kim.user.pk]  # type: ignore[union-attr]
        assert state_of(promotion) == "waiting"

    def test_who_asks_for_it_after_approving_it_no_longer_counts(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, policy="manual")
        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        ask_by_hand(scene, promotion, scene.person())

        assert state_of(promotion) == "waiting"
        assert promotion.waits_for[0].sentence == "It needs 1 approval and has none yet."

    def test_two_people_of_one_name_are_two(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, policy="manual")
        ask_by_hand(scene, promotion, scene.person())
        namesake = scene.person("alex2")
        User.objects.filter(username="alex2").update(first_name="Alex")

        approve(promotion=promotion, rights=namesake, now=scene.now)

        assert state_of(promotion) == "deploying"

    def test_where_the_target_allows_it_who_asked_may_approve(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, policy="manual", approval_by_others=False)
        ask_by_hand(scene, promotion, scene.person())

        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert state_of(promotion) == "deploying"

    @pytest.mark.parametrize(
        "author",
        [
            {"author_email": "ALEX@Example.org", "author_name": "someone"},
            {"author_email": "alex@home.example", "author_name": "alex  doe"},
            {"author_name": "Alex"},
        ],
    )
    def test_an_author_can_t_approve_where_so_set(self, scene: Scene, author: dict[str, str]) -> None:
        promotion = self.by_author(scene, author, approval_not_by_authors=True)

        with pytest.raises(NotAllowedError, match="you are an author of its changes"):
            approve(promotion=promotion, rights=scene.person(), now=scene.now)
        approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)

        assert state_of(promotion) == "deploying"

    def test_elsewhere_an_author_can(self, scene: Scene) -> None:
        promotion = self.by_author(scene, {"author_email": "alex@example.org"})

        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert state_of(promotion) == "deploying"

    def test_someone_without_an_address_is_no_author_of_changes_without_one(self, scene: Scene) -> None:
        rights = scene.person()
        assert rights.user is not None
        rights.user.email = ""
        rights.user.save()
        promotion = self.by_author(scene, {"author_email": "", "author_name": "Jo"}, approval_not_by_authors=True)

        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert state_of(promotion) == "deploying"

    def test_the_author_of_a_skipped_release_is_one_too(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        scene.register(application, "v0")
        scene.run()
        application.targets.update(approvals_needed=1, approval_not_by_authors=True)
        self.release(scene, application, "v1", {"author_email": "alex@example.org"})
        newest = self.release(scene, application, "v2", {"author_email": "jo@example.org"})
        scene.run(1)

        with pytest.raises(NotAllowedError, match="you are an author of its changes"):
            approve(promotion=newest, rights=scene.person(), now=scene.now)

    def by_author(self, scene: Scene, author: dict[str, str], **target: Any) -> Promotion:
        application = scene.application(environments=1, approvals_needed=1, **target)
        promotion = self.release(scene, application, "v1", author)
        scene.run(1)
        return promotion

    def release(self, scene: Scene, application: Application, version: str, author: dict[str, str]) -> Promotion:
        new = NewRelease(version=version, commit="a" * 40, changes=[NewChange(title="Faster", **author)])
        _, promotions, _ = register(application=application, new=new, by=CI, now=scene.now)
        return promotions[0]

    @pytest.mark.parametrize("answer", [approve, lambda **call: reject(reason="No.", **call)])
    @pytest.mark.parametrize(
        ("who", "said"),
        [
            (lambda scene: scene.person("vera", role=Role.VIEWER), "Only developers of Web and release managers"),
            (lambda scene: scene.person("olli", teams=("other",)), "frontend is not yours"),
            (lambda scene: rights_of_operator(Actor(ActorKind.OPERATOR, "root", "root")), "Only a person who is"),
            (lambda scene: rights_of_token(a_token()), "Only a person who is signed in can"),
        ],
    )
    def test_nobody_else_can_answer(
        self, scene: Scene, answer: Callable[..., Approval], who: Callable[[Scene], Rights], said: str
    ) -> None:
        promotion = asked(scene, needed=1)

        with pytest.raises(NotAllowedError, match=said):
            answer(promotion=promotion, rights=who(scene), now=scene.now)

        assert (state_of(promotion), Approval.objects.count()) == ("waiting", 0)

    def test_one_that_waits_no_more_can_t_be_answered(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1)
        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        with pytest.raises(RefusedError, match="no longer waits: it is deploying"):
            approve(promotion=promotion, rights=scene.person("kim"), now=scene.now)
        with pytest.raises(RefusedError, match="no longer waits: it is deploying"):
            reject(promotion=promotion, rights=scene.person("kim"), reason="No.", now=scene.now)

    def test_one_that_needs_none_can_t_be_answered(self, scene: Scene) -> None:
        promotion = asked(scene, needed=0, policy="manual")

        with pytest.raises(RefusedError, match="Nobody needs to approve it: frontend in integration needs no approval"):
            approve(promotion=promotion, rights=scene.person(), now=scene.now)

    def test_an_archived_application_s_can_t_be_answered(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1)
        Application.objects.update(archived_at=scene.now)

        with pytest.raises(RefusedError, match="frontend is archived"):
            approve(promotion=promotion, rights=scene.person(), now=scene.now)


class TestRejecting:
    def test_a_rejection_ends_it_and_says_by_whom_and_why(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2)

        reject(promotion=promotion, rights=scene.person(), reason="It drops a table.", now=scene.now)

        assert state_of(promotion) == "aborted"
        assert promotion.outcome == "Rejected by Alex Doe: It drops a table."
        event = Event.objects.get(kind="approval.rejected")
        assert (event.sentence, event.reason) == (
            "Alex Doe rejected frontend v1 to integration.",
            "It drops a table.",
        )
        assert event.data["state"] == "aborted"

    def test_who_approved_it_may_reject_it_while_it_waits(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2)
        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        reject(promotion=promotion, rights=scene.person(), reason="I looked again.", now=scene.now)

        answer = Approval.objects.get()
        assert (answer.rejects, answer.reason, state_of(promotion)) == (True, "I looked again.", "aborted")

    def test_who_asked_for_it_may_reject_it(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, policy="manual")
        ask_by_hand(scene, promotion, scene.person())

        reject(promotion=promotion, rights=scene.person(), reason="Too soon.", now=scene.now)

        assert state_of(promotion) == "aborted"

    def test_it_needs_a_reason(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1)

        with pytest.raises(RefusedError, match="a rejection needs a reason"):
            reject(promotion=promotion, rights=scene.person(), reason=" ", now=scene.now)

    def test_what_goes_in_order_behind_it_goes_on(self, scene: Scene) -> None:
        application = scene.application(environments=1, approvals_needed=1, batching="every")
        first, second = scene.register(application, "v1"), scene.register(application, "v2")
        scene.run(1)

        reject(promotion=scene.promotion(first, "integration"), rights=scene.person(), reason="No.", now=scene.now)
        scene.run(1)

        behind = scene.promotion(second, "integration")
        assert kinds(behind) == ["approval.asked"]


class TestTheirTime:
    def test_it_is_aborted_when_nobody_approved_it_in_time(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, approval_lasts=600)
        began = promotion.approval_asked_at
        assert began is not None
        scene.run(until=began + timedelta(seconds=599))
        assert state_of(promotion) == "waiting"

        scene.run(1)

        assert (state_of(promotion), promotion.finished_at) == ("aborted", began + timedelta(minutes=10))
        assert promotion.outcome == "Nobody approved it in time: it needed 1."
        event = Event.objects.get(kind="approval.expired")
        assert event.sentence == ("frontend v1 to integration was aborted. Nobody approved it in time: it needed 1.")

    def test_one_approval_of_two_does_not_keep_it(self, scene: Scene) -> None:
        promotion = asked(scene, needed=2, approval_lasts=600)
        scene.run(300)
        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        scene.run(300)

        assert state_of(promotion) == "aborted"
        assert promotion.outcome == "Too few approved it in time: Alex Doe of the 2 that it needed."

    def test_an_outage_over_the_end_does_not_let_it_pass(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, approval_lasts=600)
        scene.now += timedelta(days=3)

        scene.run(1)

        assert state_of(promotion) == "aborted"

    def test_an_approval_that_comes_after_the_end_but_before_the_next_look_counts(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, approval_lasts=600)
        scene.now += timedelta(hours=2)

        approve(promotion=promotion, rights=scene.person(), now=scene.now)

        assert state_of(promotion) == "deploying"

    def test_while_something_else_is_in_its_way_their_time_does_not_end_it_and_they_are_asked_again(
        self, scene: Scene
    ) -> None:
        promotion = asked(scene, needed=1, approval_lasts=600)
        freeze = NewFreeze(starts_at=scene.now, ends_at=scene.now + timedelta(minutes=30), reason="The Budget.")
        declare(new=freeze, rights=scene.manager(), now=scene.now)

        scene.run(1200)
        assert state_of(promotion) == "waiting"
        assert kinds(promotion) == ["approval.asked"]
        scene.run(600)

        promotion.refresh_from_db()
        assert kinds(promotion) == ["approval.asked", "approval.asked"]
        assert promotion.approval_asked_at == freeze.ends_at
        approve(promotion=promotion, rights=scene.person(), now=scene.now)
        assert state_of(promotion) == "deploying"

    def test_something_that_comes_and_goes_within_their_time_asks_nobody_again(self, scene: Scene) -> None:
        promotion = asked(scene, needed=1, approval_lasts=DAY)
        freeze = NewFreeze(starts_at=scene.now, ends_at=scene.now + timedelta(minutes=5), reason="The Budget.")
        declare(new=freeze, rights=scene.manager(), now=scene.now)

        scene.run(1200)

        assert (state_of(promotion), kinds(promotion)) == ("waiting", ["approval.asked"])


def a_token() -> ApiToken:
    return ApiToken.issue(name="ci", scopes=["promotions:write"], limited=False)[0]
