"""The addresses of applications and trust issues."""

from django.urls import path

from deployer.web.applications import policy, trust, views

urlpatterns = [
    path("applications/<slug:slug>/", views.application, name="application"),
    path("applications/<slug:slug>/trust-issues/new/", trust.new, name="trust-issue-new"),
    path("applications/<slug:slug>/<slug:environment>/policy/", policy.policy, name="target-policy"),
    path("trust-issues/<int:pk>/resolve/", trust.resolve, name="trust-issue-resolve"),
]
