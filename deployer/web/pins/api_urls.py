"""The addresses of pins and vetoes in the API, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.web.pins import api

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path("pins", login_not_required(api.Pins.as_view()), name="api-pins"),
    path("pins/<int:pk>/remove", login_not_required(api.PinRemoval.as_view()), name="api-pin-remove"),
    path("vetoes", login_not_required(api.Vetoes.as_view()), name="api-vetoes"),
    path("vetoes/<int:pk>/withdraw", login_not_required(api.VetoWithdrawal.as_view()), name="api-veto-withdraw"),
]
