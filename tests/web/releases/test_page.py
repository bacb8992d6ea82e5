from typing import Any

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from deployer.promotions.actions.vetoes import veto
from deployer.releases.models import Change, Release
from tests.scene import AS_ALEX, Scene


def page_of(client: Client, release: Release) -> Any:
    answer = client.get(release.get_absolute_url())
    assert answer.status_code == 200
    return answer


def states_of(answer: Any) -> list[str]:
    return [str(place.got) for place in answer.context["report"].places]


def test_it_says_how_far_it_has_got_in_each_environment(today: Scene, reader: Client) -> None:
    frontend = today.application()
    frontend.targets.filter(environment__slug="staging").update(policy="manual")
    old = today.register(frontend, "v1")
    today.run(20)
    new = today.register(frontend, "v2")
    today.run(20)

    assert states_of(page_of(reader, new)) == ["live", "waiting", "not there"]
    assert states_of(page_of(reader, old)) == ["was live", "not there", "not there"]


def test_one_that_failed_is_stopped_and_names_the_reason(today: Scene, reader: Client) -> None:
    frontend = today.application(environments=1)
    today.backend.failing.add(("frontend", "v1", "integration"))
    release = today.register(frontend, "v1")
    today.run(20)

    answer = page_of(reader, release)

    assert states_of(answer) == ["stopped"]
    assert answer.context["report"].places[0].newest.outcome in answer.content.decode()
    assert 'data-state="stopped"' in answer.content.decode()


def test_it_names_its_neighbours_and_what_it_brings(today: Scene, reader: Client) -> None:
    frontend = today.application(environments=1)
    frontend.repository = "alphagov/frontend"
    frontend.save()
    first, second, third = (today.register(frontend, version) for version in ("v1", "v2", "v3"))
    Change.objects.create(release=second, position=1, title="Say <hello>", author_name="Kim", author_email="kim@x.org")

    text = page_of(reader, second).content.decode()

    assert first.get_absolute_url() in text
    assert third.get_absolute_url() in text
    assert "Say &lt;hello&gt;" in text
    assert f"https://github.com/alphagov/frontend/compare/{first.commit}...{second.commit}" in text


def test_one_that_is_nowhere_says_so(today: Scene, reader: Client) -> None:
    release = today.register(today.application(environments=0), "v1")

    assert "runs nowhere" in page_of(reader, release).content.decode()


def test_only_the_team_is_offered_to_veto_it_and_a_veto_is_shown(today: Scene, reader: Client, client: Client) -> None:
    release = today.register(today.application(environments=1), "v1")
    assert "/veto/" not in page_of(reader, release).content.decode()

    user = today.person().user
    assert user is not None
    client.force_login(user)
    assert f"/releases/{release.pk}/veto/" in page_of(client, release).content.decode()

    veto(release=release, rights=AS_ALEX, reason="It leaks.", now=today.now)
    text = page_of(client, release).content.decode()
    assert "It leaks." in text
    assert "Withdraw the veto" in text


@pytest.mark.parametrize("number", [3, 12])
def test_it_takes_as_many_queries_however_much_there_is(
    number: int, today: Scene, reader: Client, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    frontend = today.application()
    for count in range(number):
        release = today.register(frontend, f"v{count}")
        today.run(10)
    for position in range(number):
        Change.objects.create(
            release=release, position=position + 1, title="A change", author_email=f"{position}@x.org"
        )

    with django_assert_max_num_queries(20):
        page_of(reader, release)
