"""The address of approvals in the API, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.web.approvals import api

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path("promotions/<int:pk>/approvals", login_not_required(api.Approvals.as_view()), name="api-promotion-approvals")
]
