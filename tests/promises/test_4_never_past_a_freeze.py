"""Promise 4: nothing gets past a freeze, when it is asked for nor in the transaction that admits it; and only a
person's override for one promotion does, until it expires."""

from datetime import timedelta

import pytest

from apps_registry.models import Application, Environment
from deployer.calendar.actions.freezes import NewFreeze, declare, lift
from deployer.calendar.actions.overrides import NewOverride
from deployer.calendar.models import Freeze
from deployer.promotions.actions.override import override_promotion
from deployer.promotions.actions.promote import promote, roll_back
from deployer.promotions.models import Promotion
from deployer.refusal import NotAllowedError, RefusedError
from tests.scene import ALEX, Scene

REASON = "The Budget is announced today."


def freeze(scene: Scene, *environments: Environment, hours: float | None = 1, **fields: object) -> Freeze:
    values: dict[str, object] = {
        "starts_at": scene.now,
        "ends_at": None if hours is None else scene.now + timedelta(hours=hours),
        "reason": REASON,
        "environments": environments,
    }
    return declare(new=NewFreeze(**values | fields), rights=scene.manager(), now=scene.now)  # type: ignore[arg-type]


def override(scene: Scene, promotion: Promotion, *, seconds: float = 3600) -> None:
    name = promotion.waits_for[0].name
    new = NewOverride(
        blocker=name, reason="A security fix that can't wait.", expires_at=scene.now + timedelta(seconds=seconds)
    )
    override_promotion(promotion=promotion, new=new, rights=scene.manager(), now=scene.now)


def test_a_freeze_keeps_out_what_the_engine_promotes_until_it_ends(scene: Scene) -> None:
    application = scene.application(environments=1)
    freeze(scene)
    release = scene.register(application, "v1")

    scene.run(3000)

    promotion = scene.promotion(release, "integration")
    assert promotion.state == "waiting"
    assert REASON.rstrip(".") in promotion.waits_for[0].sentence
    assert promotion.waits_for[0].until is not None
    assert scene.backend.history == []

    scene.run(700)

    assert scene.states(release) == {"integration": "succeeded"}


def test_who_asks_by_hand_is_told_of_the_freeze_at_once(scene: Scene) -> None:
    application = scene.application(environments=1, policy="manual")
    freeze(scene)
    release = scene.register(application, "v1")

    promotion = promote(release=release, target=application.targets.get(), by=ALEX, now=scene.now)

    assert promotion.state == "waiting"
    assert [blocker.kind for blocker in promotion.waits_for] == ["freeze"]
    scene.run(600)
    assert scene.backend.history == []


def test_a_freeze_declared_between_asking_and_admission_keeps_it_out(scene: Scene) -> None:
    application = scene.application(environments=1)
    release = scene.register(application, "v1")

    freeze(scene)
    scene.run(600)

    assert scene.states(release) == {"integration": "waiting"}
    assert scene.backend.history == []


def test_what_runs_when_a_freeze_begins_finishes_there_and_nothing_enters_the_next(scene: Scene) -> None:
    scene.backend.stuck = True
    application = scene.application(environments=2)
    release = scene.register(application, "v1")
    scene.run(1)
    assert scene.states(release) == {"integration": "deploying"}

    freeze(scene)
    scene.backend.stuck = False
    scene.run(600)

    assert scene.states(release) == {"integration": "succeeded", "staging": "waiting"}


def test_a_freeze_of_one_environment_leaves_the_others_alone(scene: Scene) -> None:
    application = scene.application(environments=2)
    freeze(scene, scene.environments[1])

    release = scene.register(application, "v1")
    scene.run(600)

    assert scene.states(release) == {"integration": "succeeded", "staging": "waiting"}


@pytest.mark.parametrize(("named", "expected"), [("mine", "waiting"), ("other", "succeeded")])
def test_a_freeze_of_an_application_touches_only_that(scene: Scene, named: str, expected: str) -> None:
    applications = {slug: scene.application(slug, environments=1) for slug in ("mine", "other")}
    freeze(scene, applications=[applications[named]])

    release = scene.register(applications["mine"], "v1")
    scene.run(600)

    assert scene.states(release) == {"integration": expected}


def test_when_it_is_lifted_only_the_newest_goes_on_and_every_gate_is_asked_again(scene: Scene) -> None:
    application = scene.application(environments=1)
    declared = freeze(scene, hours=None)
    releases = [scene.register(application, f"v{number}") for number in (1, 2, 3)]
    scene.run(60)
    other = freeze(scene, hours=None)

    lift(freeze=declared, reason="It is over.", rights=scene.manager(), now=scene.now)
    scene.run(600)
    assert scene.backend.history == []

    lift(freeze=other, reason="This one as well.", rights=scene.manager(), now=scene.now)
    scene.run(60)

    assert [scene.states(release)["integration"] for release in releases] == ["superseded", "superseded", "succeeded"]
    assert scene.backend.history == [("frontend", "v3", "integration")]


def test_a_rollback_passes_a_freeze_that_allows_it_and_waits_for_one_that_does_not(scene: Scene) -> None:
    application = scene.application(environments=1)
    for version in ("v1", "v2"):
        scene.register(application, version)
        scene.run(60)
    strict = freeze(scene, hours=None, allows_rollbacks=False)

    roll_back(target=application.targets.get(), by=ALEX, reason="It is slow.", now=scene.now)
    scene.run(600)
    assert scene.live(application) == {"integration": "v2"}

    lift(freeze=strict, reason="Rollbacks are needed.", rights=scene.manager(), now=scene.now)
    freeze(scene, hours=None)
    scene.run(600)
    assert scene.live(application) == {"integration": "v1"}


def test_an_override_lets_one_promotion_pass_and_no_other(scene: Scene) -> None:
    applications: list[Application] = [scene.application(slug, environments=1) for slug in ("one", "other")]
    freeze(scene)
    releases = [scene.register(application, "v1") for application in applications]
    scene.run(60)

    override(scene, scene.promotion(releases[0], "integration"))
    scene.run(60)

    assert [scene.states(release)["integration"] for release in releases] == ["succeeded", "waiting"]


def test_an_override_passes_only_the_freeze_that_it_names(scene: Scene) -> None:
    application = scene.application(environments=1)
    freeze(scene)
    freeze(scene)
    release = scene.register(application, "v1")
    scene.run(60)

    override(scene, scene.promotion(release, "integration"))
    scene.run(60)

    promotion = scene.promotion(release, "integration")
    assert promotion.state == "waiting"
    assert len(promotion.waits_for) == 1


def test_an_override_that_has_expired_lets_nothing_pass(scene: Scene) -> None:
    scene.backend.stuck = True
    application = scene.application(environments=1)
    scene.register(application, "v1")
    scene.run(1)
    freeze(scene, hours=5)
    second = scene.register(application, "v2")
    scene.run(60)
    promotion = scene.promotion(second, "integration")
    new = NewOverride(
        blocker=next(one.name for one in promotion.waits_for if one.kind == "freeze"),
        reason="A security fix that can't wait.",
        expires_at=scene.now + timedelta(minutes=1),
    )
    override_promotion(promotion=promotion, new=new, rights=scene.manager(), now=scene.now)

    scene.run(120)
    scene.backend.stuck = False
    scene.run(600)

    assert scene.states(second) == {"integration": "waiting"}


def test_a_hold_can_not_be_overridden(scene: Scene) -> None:
    application = scene.application(environments=1)
    scene.backend.failing.add(("frontend", "v1", "integration"))
    scene.register(application, "v1")
    scene.run(60)
    release = scene.register(application, "v2")
    scene.run(60)
    promotion = scene.promotion(release, "integration")
    assert [blocker.kind for blocker in promotion.waits_for] == ["hold"]

    with pytest.raises(RefusedError, match=r"can't be overridden.*can lift the hold"):
        override(scene, promotion)


@pytest.mark.parametrize("reason", ["", "too short", " " * 20])
def test_an_override_needs_a_reason_of_ten_characters(scene: Scene, reason: str) -> None:
    application = scene.application(environments=1)
    freeze(scene)
    release = scene.register(application, "v1")
    scene.run(60)
    promotion = scene.promotion(release, "integration")
    new = NewOverride(blocker=promotion.waits_for[0].name, reason=reason, expires_at=scene.now + timedelta(hours=1))

    with pytest.raises(RefusedError, match="at least 10 characters"):
        override_promotion(promotion=promotion, new=new, rights=scene.manager(), now=scene.now)

    assert promotion.overrides.count() == 0


def test_who_has_no_right_to_it_overrides_nothing(scene: Scene) -> None:
    application = scene.application(environments=1)
    freeze(scene)
    release = scene.register(application, "v1")
    scene.run(60)
    promotion = scene.promotion(release, "integration")
    new = NewOverride(
        blocker=promotion.waits_for[0].name, reason="I would like to go.", expires_at=scene.now + timedelta(hours=1)
    )

    with pytest.raises(NotAllowedError, match="release manager"):
        override_promotion(promotion=promotion, new=new, rights=scene.person(), now=scene.now)
