from django.contrib.auth.decorators import login_not_required
from django.urls import path, re_path

from deployer.promotions import api

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path("releases", login_not_required(api.Releases.as_view()), name="api-releases"),
    path("applications", login_not_required(api.Applications.as_view()), name="api-applications"),
    path("applications/<slug:slug>", login_not_required(api.ApplicationDetail.as_view()), name="api-application"),
    path("promotions/<int:pk>", login_not_required(api.PromotionDetail.as_view()), name="api-promotion"),
    re_path(
        r"^deploys/(?P<key>[0-9a-f]{32})/callback$",
        login_not_required(api.DeployCallback.as_view()),
        name="api-deploy-callback",
    ),
]
