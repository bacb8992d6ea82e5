from tests.web.holds.conftest import frontend, router, today  # noqa: F401 — fixtures
