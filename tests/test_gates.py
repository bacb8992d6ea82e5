"""Blockers as they are stored: also those that another version of Deployer wrote."""

from datetime import UTC, datetime

import pytest
from django.test import Client
from pytest_django.asserts import assertContains

from deployer.access.models import User
from deployer.gates import Blocker, BlockerKind
from deployer.promotions.models import Promotion
from tests.scene import Scene

SENTENCE = "Everything is frozen until Monday."


@pytest.mark.parametrize("kind", BlockerKind)
@pytest.mark.parametrize("until", [None, datetime(2026, 3, 3, 12, 0, tzinfo=UTC)])
def test_a_blocker_is_read_as_it_was_written(kind: BlockerKind, until: datetime | None) -> None:
    blocker = Blocker(kind=kind, sentence="No.", who="Nobody", link="/x", until=until, overridable=True)

    assert Blocker.from_json(blocker.to_json()) == blocker


def test_a_kind_of_another_version_is_another_kind_with_its_words() -> None:
    values = Blocker(kind=BlockerKind.HOLD, sentence=SENTENCE, who="An admin").to_json() | {"kind": "quota"}

    blocker = Blocker.from_json(values)

    assert (blocker.kind, blocker.sentence, blocker.who) == (BlockerKind.OTHER, SENTENCE, "An admin")


def test_a_blocker_of_an_older_version_is_read_without_what_it_lacks_and_of_a_newer_without_what_it_adds() -> None:
    values = Blocker(kind=BlockerKind.HOLD, sentence=SENTENCE, who="An admin").to_json()
    values = {name: value for name, value in values.items() if name != "ref"} | {"severity": 3}

    assert Blocker.from_json(values).name == "hold"


class TestShown:
    """A promotion that waits for something which this version does not know."""

    @pytest.fixture
    def promotion(self, scene: Scene) -> Promotion:
        release = scene.register(scene.application(environments=1, policy="manual"), "v1")
        scene.run(5)
        promotion = scene.promotion(release, "integration")
        promotion.blockers = [promotion.blockers[0] | {"kind": "quota", "sentence": SENTENCE}]
        promotion.save()
        return promotion

    @pytest.fixture
    def reader(self, client: Client, db: None) -> Client:
        client.force_login(User.objects.create_user("jo"))
        return client

    def test_its_own_page_shows_the_reason(self, reader: Client, promotion: Promotion) -> None:
        assertContains(reader.get(promotion.get_absolute_url()), SENTENCE)

    def test_the_board_shows_it(self, reader: Client, promotion: Promotion) -> None:
        assertContains(reader.get("/"), "frontend")

    def test_the_api_shows_the_reason_as_it_was_written(self, reader: Client, promotion: Promotion) -> None:
        answer = reader.get(f"/api/v1/promotions/{promotion.pk}").json()

        assert [(one["kind"], one["sentence"]) for one in answer["blockers"]] == [("quota", SENTENCE)]

    def test_the_engine_looks_again_and_writes_what_it_knows(self, scene: Scene, promotion: Promotion) -> None:
        scene.run(120)

        promotion.refresh_from_db()
        assert [blocker.kind for blocker in promotion.waits_for] == [BlockerKind.MANUAL]
