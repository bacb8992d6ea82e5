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
    path("", include("deployer.web.calendar.api.urls")),
    path("", include("deployer.web.calendar.range_urls")),
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
    path("calendar/hours/", include("deployer.web.calendar.hours_urls")),
    path("calendar/", include("deployer.web.calendar.urls")),
    path("slots/", include("deployer.web.calendar.slots.urls")),
    path("slots/", include("deployer.web.calendar.feeds.slot_urls")),
    path("freezes/", include("deployer.web.calendar.freezes.urls")),
    path("feeds/", include("deployer.web.calendar.feeds.urls")),
    path("", include("deployer.web.urls")),
]
