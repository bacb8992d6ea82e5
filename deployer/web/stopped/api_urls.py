"""The addresses of what is stopped by the API, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.web.stopped import api

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path("stopped", login_not_required(api.Stopped.as_view()), name="api-stopped"),
    path("stop", login_not_required(api.Stop.as_view()), name="api-stop"),
]
