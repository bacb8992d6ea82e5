"""How connections to PostgreSQL are set up."""

import pytest
from django.conf import settings
from django.db import connection


@pytest.mark.skipif(connection.vendor != "postgresql", reason="SQLite's locks end with the process that holds them")
def test_a_host_that_vanishes_keeps_its_locks_no_longer_than_a_lease(db: None) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT setting, unit FROM pg_settings WHERE name = 'idle_in_transaction_session_timeout'")

        assert cursor.fetchone() == (str(round(settings.LEASE_SECONDS * 1000)), "ms")
