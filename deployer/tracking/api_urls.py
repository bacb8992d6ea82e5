"""Where trackers call, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.tracking import api

urlpatterns = [
    path("hooks/sentry/<slug:connection>", login_not_required(api.SentryHook.as_view()), name="api-sentry-hook"),
    path("hooks/bugsink/<slug:connection>", login_not_required(api.BugsinkHook.as_view()), name="api-bugsink-hook"),
]
