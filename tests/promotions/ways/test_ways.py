"""Which ways there are out of a hold, whose they are, and that each refuses what it must."""

from collections.abc import Callable

import pytest

from deployer.audit.models import Event
from deployer.promotions.actions.hold import lift_hold
from deployer.promotions.actions.ways_out import fix_forward, retry, retry_step, roll_back_from, veto_and_go_on
from deployer.promotions.models import Hold, Promotion, Veto
from deployer.promotions.ways import ways_out_of
from deployer.refusal import NotAllowedError, RefusedError
from deployer.releases.models import Change
from tests.promotions.ways.stops import V2, checks_fail, deploy_fails, outcome_unknown
from tests.scene import AS_ALEX, Scene

ALL = ["retry-step", "retry", "fix-forward", "veto", "roll-back", "lift"]
EACH = pytest.mark.parametrize("take", [retry_step, retry, fix_forward, veto_and_go_on, roll_back_from])


def possible(scene: Scene, hold: Hold) -> list[str]:
    return [way.way.slug for way in ways_out_of(hold, now=scene.now) if way.possible]


class TestWhichThereAre:
    def test_after_a_check_failed_there_are_all_of_them_the_gentlest_first(self, scene: Scene) -> None:
        hold = checks_fail(scene)

        assert possible(scene, hold) == ALL

    def test_after_a_deploy_failed_the_step_is_not_retried(self, scene: Scene) -> None:
        assert possible(scene, deploy_fails(scene)) == ALL[1:]

    def test_after_an_unknown_outcome_a_retry_warns_that_it_may_run_still(self, scene: Scene) -> None:
        hold = outcome_unknown(scene)

        step, whole, *_ = ways_out_of(hold, now=scene.now)

        assert possible(scene, hold) == ALL
        assert step.what == "Looks again what became of the deploy of v2, and starts it only if it surely never began."
        assert whole.what == "Deploys v2 anew, with every check. The first deploy may be running still: look first."

    def test_after_a_rollback_there_is_only_going_past_what_was_left(self, scene: Scene) -> None:
        hold = checks_fail(scene)
        rollback = roll_back_from(hold=hold, rights=AS_ALEX, reason="It is bad.", now=scene.now)
        scene.run(60)

        left = rollback.holds.get()

        assert possible(scene, left) == ["fix-forward", "veto", "lift"]
        assert next(way.what for way in ways_out_of(left) if way.way == "veto").startswith("Never deploys v2 again")

    def test_one_that_was_placed_by_hand_is_lifted(self, scene: Scene) -> None:
        hold = scene.hold(scene.application(environments=1), scene.environments[0])

        (lift,) = ways_out_of(hold)

        assert (lift.way.slug, lift.needs) == ("lift", "resolution")
        assert lift.command == 'manage.py unhold frontend integration --resolution "what was done"'

    def test_of_a_lifted_one_none_is_possible_and_each_says_who_lifted_it(self, scene: Scene) -> None:
        hold = lift_hold(hold=checks_fail(scene), rights=AS_ALEX, resolution="It was the network.", now=scene.now)

        ways = ways_out_of(hold, now=scene.now)

        assert {(way.possible, way.why_not) for way in ways} == {
            (False, "Alex Doe has lifted this hold already: It was the network.")
        }

    def test_each_names_its_page_its_command_and_what_it_needs(self, scene: Scene) -> None:
        hold = checks_fail(scene)

        ways = ways_out_of(hold, now=scene.now)

        assert [way.url for way in ways] == [f"/holds/{hold.pk}/{slug}/" for slug in ALL]
        assert ways[0].command == f'manage.py wayout {hold.pk} retry-step --reason "why"'
        assert [way.needs for way in ways] == ["reason"] * 5 + ["resolution"]
        assert ways[4].what == "Brings integration back to v1. The rollback leaves a hold of its own."

    def test_to_who_may_not_take_them_it_says_who_may(self, scene: Scene) -> None:
        hold = checks_fail(scene)

        ways = ways_out_of(hold, rights=scene.person("kim", teams=("data",)), now=scene.now)

        assert {way.why_not for way in ways} == {"Only developers of Web and release managers may do this."}


class TestWhatEachRefuses:
    @EACH
    def test_those_of_other_teams(self, scene: Scene, take: Callable[..., object]) -> None:
        hold = checks_fail(scene)

        with pytest.raises(NotAllowedError, match="Only developers of Web and release managers"):
            take(hold=hold, rights=scene.person("kim", teams=("data",)), reason="Let me.", now=scene.now)

        self.assert_nothing_happened(hold.pk)

    @EACH
    def test_to_go_on_without_a_reason(self, scene: Scene, take: Callable[..., object]) -> None:
        hold = checks_fail(scene)

        with pytest.raises(RefusedError, match="needs a reason"):
            take(hold=hold, rights=AS_ALEX, reason=" ", now=scene.now)

        self.assert_nothing_happened(hold.pk)

    @EACH
    def test_a_hold_that_somebody_has_lifted_meanwhile(self, scene: Scene, take: Callable[..., object]) -> None:
        hold = checks_fail(scene)
        lift_hold(hold=hold, rights=scene.manager(), resolution="It was the network.", now=scene.now)
        before = Promotion.objects.count()

        with pytest.raises(RefusedError, match=r"Sam Doe has lifted this hold meanwhile: It was the network\."):
            take(hold=hold, rights=AS_ALEX, reason="I go on.", now=scene.now)

        assert (Promotion.objects.count(), Veto.objects.count()) == (before, 0)

    @EACH
    def test_a_hold_that_was_placed_by_hand(self, scene: Scene, take: Callable[..., object]) -> None:
        hold = scene.hold(scene.application(environments=1))

        with pytest.raises(RefusedError, match="placed by hand, so there is nothing to go on with: lift it"):
            take(hold=hold, rights=AS_ALEX, reason="I go on.", now=scene.now)

        self.assert_nothing_happened(hold.pk)

    @staticmethod
    def assert_nothing_happened(hold_id: int) -> None:
        hold = Hold.objects.get(pk=hold_id)
        assert (hold.is_open, hold.fix_forward_at, Veto.objects.count()) == (True, None, 0)
        assert not Promotion.objects.filter(retry_of__isnull=False).exists()
        assert not Promotion.objects.filter(kind="rollback").exists()


class TestWhatIsTold:
    def told(self) -> Event:
        return Event.objects.filter(kind__in=["promotion.failed", "promotion.errored"]).latest("pk")

    def test_what_failed_where_what_was_seen_what_is_live_and_the_ways_out(self, scene: Scene) -> None:
        hold = checks_fail(scene)

        data = self.told().data

        assert (data["step"], data["live"]) == ("Smoke test", "v2")
        assert data["measurement"]
        assert data["evidence"][-1] == data["measurement"][: len(data["evidence"][-1])]
        assert data["hold_url"] == hold.full_url()
        assert data["ways_out"][0] == f"Retry the step: {hold.full_url()}retry-step/"
        assert data["ways_out"][-1] == f"Lift the hold: {hold.full_url()}lift/"

    def test_the_last_lines_of_a_deploy_that_failed(self, scene: Scene) -> None:
        deploy_fails(scene)

        data = self.told().data

        assert (data["step"], data["live"], data["evidence"]) == ("Deploy", "v1", ["pulling", "starting"])

    def test_the_changes_and_everybody_who_wrote_them(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        release = scene.register(application, "v2")
        people = [("Ann", "ann@example.org"), ("Bob", "bob@example.org"), ("Ann", "ann@example.org"), ("", "")]
        for position, (name, email) in enumerate(people):
            Change.objects.create(
                release=release, position=position, title=f"Change {position}", author_name=name, author_email=email
            )
        scene.backend.broken.add(V2)
        scene.run(60)

        data = self.told().data

        assert data["changes"] == ["Change 0 (Ann)", "Change 1 (Bob)", "Change 2 (Ann)", "Change 3"]
        assert data["authors"] == [
            {"name": "Ann", "email": "ann@example.org"},
            {"name": "Bob", "email": "bob@example.org"},
        ]

    def test_when_the_policy_rolls_back_what_that_takes_away_is_not_offered(self, scene: Scene) -> None:
        checks_fail(scene, rollback="on_failed")

        data = Event.objects.get(kind="promotion.failed").data

        assert data["rolls_back_to"] == "v1"
        assert [way.split(":")[0] for way in data["ways_out"]] == [
            "Fix forward",
            "Veto the release and go on",
            "Lift the hold",
        ]
