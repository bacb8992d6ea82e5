"""Which of two releases is newer: builds that end in another order than they began don't turn the line back."""

from datetime import datetime, timedelta
from itertools import count

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from apps_registry.models import Application
from deployer.releases.actions import ReleaseRefusedError
from deployer.releases.models import Release
from tests.scene import NOON, Scene

NAMES = count()


def versions_in_order(application: Application) -> list[str]:
    return list(application.releases.order_by("order").values_list("version", flat=True))


def minutes(after: float) -> datetime:
    return NOON + timedelta(minutes=after)


def register_all(scene: Scene, application: Application, built: list[tuple[str, float | None]]) -> list[Release]:
    """In this order; built at so many minutes after noon, or without saying when."""
    return [
        scene.register(application, version, built_at=None if after is None else minutes(after))
        for version, after in built
    ]


class TestLateRelease:
    """One that was built before another and registered after it."""

    def test_it_stands_before_the_one_that_was_built_later(self, scene: Scene) -> None:
        application = scene.application(environments=0)

        register_all(scene, application, [("v1", 0), ("v3", 20), ("v2", 10)])

        assert versions_in_order(application) == ["v1", "v2", "v3"]
        assert [one.version for one in application.releases.order_by("number")] == ["v1", "v3", "v2"]

    def test_its_promotion_ends_superseded_with_a_sentence(self, scene: Scene) -> None:
        application = scene.application()
        newer = scene.register(application, "v2", built_at=minutes(10))
        scene.run(120)

        late = scene.register(application, "v1", built_at=minutes(0))
        scene.run(120)

        promotion = scene.promotion(late, "integration")
        assert (promotion.state, promotion.outcome) == ("superseded", "v2 goes instead.")
        assert promotion.superseded_by == scene.promotion(newer, "integration")
        assert scene.states(late) == {"integration": "superseded"}
        assert set(scene.live(application).values()) == {"v2"}
        assert {version for _, version, _ in scene.backend.history} == {"v2"}

    def test_while_the_newer_one_is_deployed_it_ends_superseded_as_well(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        scene.backend.stuck = True
        scene.register(application, "v2", built_at=minutes(10))
        scene.run(5)

        late = scene.register(application, "v1", built_at=minutes(0))
        scene.run(5)
        scene.backend.stuck = False
        scene.run(120)

        assert scene.states(late) == {"integration": "superseded"}
        assert scene.live(application)["integration"] == "v2"

    def test_where_every_release_goes_it_is_not_put_over_the_newer_one_either(self, scene: Scene) -> None:
        application = scene.application(environments=2, batching="every")
        scene.register(application, "v2", built_at=minutes(10))
        scene.run(120)

        late = scene.register(application, "v1", built_at=minutes(0))
        scene.run(120)

        assert scene.states(late) == {"integration": "superseded"}
        assert set(scene.live(application).values()) == {"v2"}

    def test_of_two_that_wait_the_one_built_later_goes(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        newer, late = register_all(scene, application, [("v2", 10), ("v1", 0)])

        scene.run(120)

        assert (scene.states(newer), scene.states(late)) == (
            {"integration": "succeeded"},
            {"integration": "superseded"},
        )

    def test_one_that_is_built_later_than_the_late_one_goes_on_as_ever(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        register_all(scene, application, [("v2", 10), ("v1", 0), ("v3", 20)])

        scene.run(120)

        assert versions_in_order(application) == ["v1", "v2", "v3"]
        assert scene.live(application)["integration"] == "v3"

    def test_twenty_find_room_between_two(self, scene: Scene) -> None:
        application = scene.application(environments=0)
        late: list[tuple[str, float | None]] = [(f"late-{n:02}", n) for n in range(1, 21)]

        register_all(scene, application, [("first", 0), ("last", 60), *late])

        assert versions_in_order(application) == ["first", *[version for version, _ in late], "last"]

    def test_twenty_find_room_between_two_when_each_is_older_than_the_one_before(self, scene: Scene) -> None:
        application = scene.application(environments=0)
        late: list[tuple[str, float | None]] = [(f"late-{n:02}", n) for n in range(1, 21)]

        register_all(scene, application, [("first", 0), ("last", 60), *reversed(late)])

        assert versions_in_order(application) == ["first", *[version for version, _ in late], "last"]

    def test_one_that_finds_none_is_refused_with_the_way_out(self, scene: Scene) -> None:
        application = scene.application(environments=0)
        late: list[tuple[str, float | None]] = [(f"late-{n:02}", n) for n in range(1, 21)]
        register_all(scene, application, [("first", 0), ("last", 60), *reversed(late)])

        with pytest.raises(ReleaseRefusedError, match="register this one without built_at"):
            scene.register(application, "one-more", built_at=minutes(0.5))

        assert scene.register(application, "one-more").order == max(one.order for one in application.releases.all())

    def test_twenty_find_room_before_the_first(self, scene: Scene) -> None:
        application = scene.application(environments=0)

        register_all(scene, application, [("first", 0), *[(f"late-{n:02}", -n) for n in range(1, 21)]])

        assert versions_in_order(application) == [*[f"late-{n:02}" for n in range(20, 0, -1)], "first"]

    def test_one_that_finds_none_before_the_first_is_refused_as_well(self, scene: Scene) -> None:
        application = scene.application(environments=0)
        register_all(scene, application, [("first", 0), *[(f"late-{n:02}", -n) for n in range(1, 21)]])

        with pytest.raises(ReleaseRefusedError, match="register this one without built_at"):
            scene.register(application, "one-more", built_at=minutes(-21))


class TestWithoutATime:
    def test_the_order_of_arrival_counts(self, scene: Scene) -> None:
        application = scene.application(environments=1)
        for version in ("v1", "v2", "v3"):
            scene.register(application, version)
            scene.run(60)

        assert versions_in_order(application) == ["v1", "v2", "v3"]
        assert scene.live(application)["integration"] == "v3"

    def test_it_stands_after_those_that_have_one(self, scene: Scene) -> None:
        application = scene.application(environments=0)

        register_all(scene, application, [("v1", 60), ("v2", None), ("v3", 0)])

        assert versions_in_order(application) == ["v3", "v1", "v2"]

    def test_one_with_a_time_is_not_put_before_it(self, scene: Scene) -> None:
        application = scene.application(environments=0)

        register_all(scene, application, [("v1", 0), ("v2", None), ("v3", 60)])

        assert versions_in_order(application) == ["v1", "v2", "v3"]

    def test_of_those_built_at_the_same_moment_the_order_of_arrival_counts(self, scene: Scene) -> None:
        application = scene.application(environments=0)

        register_all(scene, application, [("v2", 0), ("v1", 0), ("v3", 10), ("v0", 0)])

        assert versions_in_order(application) == ["v2", "v1", "v0", "v3"]


def test_the_order_is_of_one_application_alone(scene: Scene) -> None:
    one, other = (scene.application(slug, environments=0) for slug in ("one", "other"))
    scene.register(one, "v1", built_at=minutes(60))

    scene.register(other, "v1", built_at=minutes(0))
    scene.register(other, "v2", built_at=minutes(10))

    assert versions_in_order(other) == ["v1", "v2"]


ANY_SCENE = settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
"""The scene stays the same from one example to the next: each makes an application of its own."""


@ANY_SCENE
@given(arrivals=st.permutations(range(5)))
@example(arrivals=[4, 3, 2, 1, 0])
@example(arrivals=[0, 1, 2, 3, 4])
def test_in_whichever_order_they_arrive_the_newest_built_ends_up_live(scene: Scene, arrivals: list[int]) -> None:
    application = scene.application(f"app-{next(NAMES)}", environments=2)

    for built in arrivals:
        scene.register(application, f"v{built}", built_at=minutes(built))
        scene.run(30)

    assert set(scene.live(application).values()) == {"v4"}
    assert versions_in_order(application) == ["v0", "v1", "v2", "v3", "v4"]


@ANY_SCENE
@given(arrivals=st.permutations(range(5)), pauses=st.lists(st.sampled_from([0.0, 0.5, 2.0]), min_size=5, max_size=5))
def test_no_environment_ever_goes_back_to_a_release_that_was_built_earlier(
    scene: Scene, arrivals: list[int], pauses: list[float]
) -> None:
    application = scene.application(f"app-{next(NAMES)}", environments=2)

    for built, pause in zip(arrivals, pauses, strict=True):
        scene.register(application, f"v{built}", built_at=minutes(built))
        scene.run(pause)
    scene.run(120)

    for environment in ("integration", "staging"):
        went = [v for slug, v, where in scene.backend.history if (slug, where) == (application.slug, environment)]
        assert went == sorted(went)
        assert went[-1] == "v4"


@ANY_SCENE
@given(built=st.lists(st.none() | st.integers(0, 5), min_size=1, max_size=12))
def test_a_release_never_stands_before_one_that_was_built_earlier(scene: Scene, built: list[int | None]) -> None:
    application = scene.application(f"app-{next(NAMES)}", environments=0)

    register_all(scene, application, [(f"v{n}", after) for n, after in enumerate(built)])

    ordered = list(application.releases.order_by("order"))
    times = [one.built_at for one in ordered if one.built_at is not None]
    without = [one.number for one in ordered if one.built_at is None]
    assert len(ordered) == len(built)
    assert times == sorted(times)
    assert without == sorted(without)
