"""What is forgotten of sign-ins, once a day."""

from datetime import timedelta

import pytest
from django.contrib.sessions.models import Session
from django.utils import timezone
from social_django.models import Association, Nonce

from deployer.access.jobs import SOURCES, prune_sign_ins


@pytest.mark.django_db
def test_ended_sessions_and_sign_ins_that_were_never_finished_are_forgotten() -> None:
    now = timezone.now()
    for name, ago in (("old", timedelta(days=2)), ("new", timedelta(minutes=5))):
        Session.objects.create(session_key=name, session_data="", expire_date=now + timedelta(days=1) - ago)
        at = int((now - ago).timestamp())
        Nonce.objects.create(server_url="x", timestamp=at, salt=name)
        Association.objects.create(server_url="x", handle=name, secret="", issued=at, lifetime=1800, assoc_type="")

    prune_sign_ins(0)

    assert list(Session.objects.values_list("session_key", flat=True)) == ["new"]
    assert list(Nonce.objects.values_list("salt", flat=True)) == ["new"]
    assert list(Association.objects.values_list("handle", flat=True)) == ["new"]


def test_it_is_due_once_a_day() -> None:
    source = next(one for one in SOURCES if one.job is prune_sign_ins)
    now = timezone.now()

    assert source.due(now)
    assert not source.due(now + timedelta(hours=23))
    assert source.due(now + timedelta(hours=25))
