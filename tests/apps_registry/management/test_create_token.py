import json
from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from apps_registry.models.token_limit import covered_by
from deployer.access.models import ApiToken
from deployer.access.models.api_token import digest_of
from deployer.audit.models import Event
from tests.apps_registry.factories import make_application, make_team

pytestmark = pytest.mark.django_db


def run(*arguments: str) -> str:
    out = StringIO()
    call_command("create_token", *arguments, stdout=out)
    return out.getvalue()


def test_the_secret_is_printed_once_and_only_its_digest_is_kept() -> None:
    secret = run("ci", "--all", "--scope", "read").splitlines()[1]

    token = ApiToken.objects.get()
    assert secret.startswith("dpl_")
    assert token.digest == digest_of(secret)
    assert (token.scopes, token.limited, token.expires_at) == (["read"], False, None)


def test_an_event_tells_of_it_without_the_secret() -> None:
    secret = run("ci", "--application", make_application(slug="router").slug, "--scope", "read").splitlines()[1]

    events = Event.objects.order_by("id")
    assert [event.kind for event in events] == ["access.api_token.created", "registry.token_limit.created"]
    assert {event.actor_kind for event in events} == {"operator"}
    told = json.dumps([event.data for event in events])
    assert secret not in told
    assert digest_of(secret) not in told


def test_it_reaches_the_applications_and_teams_named() -> None:
    mine, teammate, other = make_application(), make_application(), make_application()

    run("ci", "--application", mine.slug, "--team", teammate.owner.slug, "--scope", "releases:write", "--scope", "read")

    token = ApiToken.objects.get()
    assert token.scopes == ["releases:write", "read"]
    assert [application in covered_by(token) for application in (mine, teammate, other)] == [True, True, False]


def test_one_json_object_is_for_programs() -> None:
    answer = json.loads(run("ci", "--all", "--scope", "read", "--expires-in-days", "30", "--json"))

    token = ApiToken.objects.get()
    assert answer["name"] == "ci"
    assert digest_of(answer["token"]) == token.digest
    assert token.expires_at is not None
    assert answer["expires_at"] == token.expires_at.isoformat()
    assert abs(token.expires_at - timezone.now() - timedelta(days=30)) < timedelta(minutes=1)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["ci", "--scope", "read"], "Say what it reaches"),
        (["ci", "--scope", "read", "--all", "--team", "team"], "Say what it reaches"),
        (["ci", "--scope", "read", "--application", "nothing", "--application", "router"], "no application nothing"),
        (["ci", "--scope", "read", "--team", "nobody"], "no team nobody"),
        (["ci", "--all", "--scope", "everything"], "invalid choice"),
        (["ci", "--all"], "--scope"),
        (["taken", "--all", "--scope", "read"], "There is a token named taken already"),
        ([" ", "--all", "--scope", "read"], "The name: "),
        (["x" * 101, "--all", "--scope", "read"], "The name: "),
        (["ci", "--all", "--scope", "read", "--expires-in-days", "0"], "from 1 to 3650"),
        (["ci", "--all", "--scope", "read", "--expires-in-days", "soon"], "invalid int"),
    ],
)
def test_what_makes_no_sense_is_refused_and_makes_no_token(arguments: list[str], message: str) -> None:
    ApiToken.issue(name="taken", scopes=["read"], limited=True)
    make_application(slug="router", owner=make_team(slug="team"))

    with pytest.raises(CommandError, match=message):
        run(*arguments)

    assert ApiToken.objects.count() == 1


def test_an_archived_application_gets_no_token() -> None:
    make_application(slug="router", archived_at=timezone.now())

    with pytest.raises(CommandError, match="no application router"):
        run("ci", "--application", "router", "--scope", "read")
