"""The addresses at which programs, and the calendar's own page, ask for a stretch of the calendar."""

from django.contrib.auth.decorators import login_not_required
from django.urls import path

from deployer.web.calendar import range_api

urlpatterns = [
    path("calendar", login_not_required(range_api.CalendarRange.as_view()), name="api-calendar"),
    path("calendar/instant", login_not_required(range_api.CalendarInstant.as_view()), name="api-calendar-instant"),
]
