"""The addresses of promoting in the API, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.web.promoting import api

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path("promotions", login_not_required(api.Promotions.as_view()), name="api-promotions"),
    path("promotions/<int:pk>/abort", login_not_required(api.PromotionAbort.as_view()), name="api-promotion-abort"),
    path(
        "applications/<slug:slug>/environments/<slug:environment>/roll-back",
        login_not_required(api.RollBack.as_view()),
        name="api-roll-back",
    ),
]
