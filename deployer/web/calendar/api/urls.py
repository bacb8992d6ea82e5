"""The addresses of the calendar's API, under /api/v1/."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.web.calendar.api import freezes, gate, next_slot, overrides, slots, windows

# DRF does its own authentication, and answers 401 instead of sending programs to a sign-in page.
urlpatterns = [
    path("slots", login_not_required(slots.Slots.as_view()), name="api-slots"),
    path("slots/<int:pk>", login_not_required(slots.SlotDetail.as_view()), name="api-slot"),
    path("slots/<int:pk>/overrides", login_not_required(slots.SlotOverrides.as_view()), name="api-slot-overrides"),
    path("freezes", login_not_required(freezes.Freezes.as_view()), name="api-freezes"),
    path("freezes/<int:pk>", login_not_required(freezes.FreezeDetail.as_view()), name="api-freeze"),
    path("freezes/<int:pk>/lift", login_not_required(freezes.FreezeLifting.as_view()), name="api-freeze-lift"),
    path("windows", login_not_required(windows.Windows.as_view()), name="api-windows"),
    path("applications/<slug:slug>/next-slot", login_not_required(next_slot.NextSlot.as_view()), name="api-next-slot"),
    path(
        "applications/<slug:slug>/environments/<slug:environment>/gate",
        login_not_required(gate.Gate.as_view()),
        name="api-gate",
    ),
    path(
        "promotions/<int:pk>/overrides",
        login_not_required(overrides.PromotionOverrides.as_view()),
        name="api-promotion-overrides",
    ),
]
