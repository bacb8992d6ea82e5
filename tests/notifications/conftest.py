"""A Slack on this machine, for the tests that ask for it."""

from collections.abc import Iterator

import pytest
from pytest_django import Settings

from tests.stand_ins.slack import TOKEN, SlackStandIn, running_slack


@pytest.fixture
def slack(settings: Settings) -> Iterator[SlackStandIn]:
    """What Deployer takes for Slack. At the end there is no call that Slack would not have taken."""
    with running_slack() as running:
        settings.SLACK_TOKEN = TOKEN
        settings.SLACK_API_URL = running.url
        yield running
    assert running.refused == []
