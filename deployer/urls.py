"""Every address. Each domain lists its own; this module only gathers them."""

from django.contrib import admin
from django.contrib.auth.decorators import login_not_required
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.decorators.csrf import csrf_exempt
from drf_spectacular.views import SpectacularAPIView

from deployer.access.problems import not_found
from deployer.web import health
from deployer.web.metrics import Metrics

api: list[URLPattern | URLResolver] = [
    path("schema", login_not_required(SpectacularAPIView.as_view()), name="api-schema"),
    path("", include("deployer.promotions.api_urls")),
    path("", include("deployer.tracking.api_urls")),
    path("", include("deployer.web.applications.api_urls")),
    path("", include("deployer.web.calendar.api.urls")),
    path("", include("deployer.web.calendar.range_urls")),
    path("", include("deployer.web.holds.api_urls")),
    path("", include("deployer.web.promoting.api_urls")),
    path("", include("deployer.web.stopped.api_urls")),
    path("", include("deployer.web.approvals.api_urls")),
    path("", include("deployer.web.pins.api_urls")),
]

handler500 = "deployer.access.problems.server_error"

urlpatterns = [
    path("healthz", health.healthz, name="healthz"),
    path("readyz", health.readyz, name="readyz"),
    path("metrics", login_not_required(Metrics.as_view()), name="metrics"),
    path("api/v1/", include(api)),
    re_path(r"^api/", csrf_exempt(login_not_required(not_found))),
    path("admin/", admin.site.urls),
    path("", include("deployer.promotions.urls")),
    path("", include("deployer.web.applications.urls")),
    path("roll-out/", include("deployer.web.rollout.urls")),
    path("", include("deployer.web.promoting.urls")),
    path("", include("deployer.web.releases.urls")),
    path("", include("deployer.web.stopped.urls")),
    path("", include("deployer.web.approvals.urls")),
    path("", include("deployer.web.pins.urls")),
    path("holds/", include("deployer.web.holds.urls")),
    path("", include("deployer.web.errors.urls")),
    path("calendar/hours/", include("deployer.web.calendar.hours_urls")),
    path("calendar/", include("deployer.web.calendar.urls")),
    path("slots/", include("deployer.web.calendar.slots.urls")),
    path("slots/", include("deployer.web.calendar.feeds.slot_urls")),
    path("freezes/", include("deployer.web.calendar.freezes.urls")),
    path("told/", include("deployer.web.told.urls")),
    path("deliveries/", include("deployer.web.deliveries.urls")),
    path("feeds/", include("deployer.web.calendar.feeds.urls")),
    path("live/", include("deployer.web.live.urls")),
    path("", include("deployer.web.audit.urls")),
    path("", include("deployer.web.search.urls")),
    path("teams/", include("deployer.web.teams.urls")),
    path("environments/", include("deployer.web.environments.urls")),
    path("people/", include("deployer.web.people.urls")),
    path("my/", include("deployer.web.mine.urls")),
    path("", include("deployer.web.urls")),
]
