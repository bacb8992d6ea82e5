"""What waits moves at once when its target becomes automatic, or when it is trusted again."""

from apps_registry.models import Application
from apps_registry.models.target import Policy
from apps_registry.policies import set_policy
from apps_registry.trust import open_trust_issue, resolve_trust_issue
from deployer.gates import BlockerKind
from tests.scene import Scene
from tests.web.applications.desk import make_automatic, target_in


def test_what_waits_for_a_person_goes_when_its_target_becomes_automatic(today: Scene, frontend: Application) -> None:
    release = today.register(frontend)
    today.run()
    assert today.states(release) == {"integration": "waiting"}

    make_automatic(today, frontend, "integration")
    today.run(1)

    assert today.states(release)["integration"] != "waiting"


def test_what_comes_after_a_target_became_manual_waits_for_a_person(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")
    set_policy(target=target_in(frontend, "integration"), policy=Policy.MANUAL, rights=today.person(), now=today.now)

    release = today.register(frontend)
    today.run()

    [blocker] = today.promotion(release, "integration").waits_for
    assert blocker.kind is BlockerKind.MANUAL


def test_a_trust_issue_stops_what_is_automatic_until_it_is_resolved(today: Scene, frontend: Application) -> None:
    make_automatic(today, frontend, "integration")
    rights = today.person()
    issue = open_trust_issue(application=frontend, environment=None, reason="Slow.", rights=rights, now=today.now)
    release = today.register(frontend)
    today.run()
    assert [one.kind for one in today.promotion(release, "integration").waits_for] == [BlockerKind.TRUST_ISSUE]

    resolve_trust_issue(issue=issue, resolution="Mended.", rights=rights, now=today.now)
    today.run(1)

    assert today.states(release)["integration"] != "waiting"


def test_what_waits_shows_a_trust_issue_as_soon_as_it_is_opened(today: Scene, frontend: Application) -> None:
    release = today.register(frontend)
    today.run(1)

    open_trust_issue(application=frontend, environment=None, reason="Slow.", rights=today.person(), now=today.now)
    today.run(1)

    kinds = {one.kind for one in today.promotion(release, "integration").waits_for}
    assert kinds == {BlockerKind.TRUST_ISSUE, BlockerKind.MANUAL}
