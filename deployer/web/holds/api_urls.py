"""The addresses of holds in the API, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.promotions.models.hold import WayOut
from deployer.web.holds import api

WAYS: dict[WayOut, type[api.Way]] = {
    WayOut.RETRY_STEP: api.RetryStep,
    WayOut.RETRY: api.Retry,
    WayOut.ROLL_BACK: api.RollBackFrom,
    WayOut.VETO: api.VetoAndGoOn,
    WayOut.FIX_FORWARD: api.FixForward,
    WayOut.LIFT: api.Lift,
}

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path("holds", login_not_required(api.Holds.as_view()), name="api-holds"),
    path("holds/<int:pk>", login_not_required(api.HoldDetail.as_view()), name="api-hold"),
    *(
        path(f"holds/<int:pk>/{way.slug}", login_not_required(view.as_view()), name=f"api-hold-{way.slug}")
        for way, view in WAYS.items()
    ),
]
