"""The addresses of policies and trust issues in the API, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.web.applications import api

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path(
        "applications/<slug:slug>/environments/<slug:environment>/policy",
        login_not_required(api.TargetPolicy.as_view()),
        name="api-target-policy",
    ),
    path("trust-issues", login_not_required(api.TrustIssues.as_view()), name="api-trust-issues"),
    path(
        "trust-issues/<int:pk>/resolve",
        login_not_required(api.TrustIssueResolving.as_view()),
        name="api-trust-issue-resolve",
    ),
]
