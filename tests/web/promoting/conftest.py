from tests.web.calendar.conftest import _each_test_has_its_minute  # noqa: F401 — a fixture
from tests.web.holds.conftest import frontend, router, today  # noqa: F401 — fixtures
