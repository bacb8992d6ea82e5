"""The addresses of slots, under /slots/."""

from django.urls import path

from deployer.web.calendar.slots import booking, changing, overriding, series, views

urlpatterns = [
    path("", views.slots, name="slots"),
    path("new/", booking.book_page, name="slot-new"),
    path("<int:pk>/", views.slot, name="slot"),
    path("<int:pk>/change/", changing.change_page, name="slot-change"),
    path("<int:pk>/cancel/", changing.cancel_page, name="slot-cancel"),
    path("<int:pk>/override/", overriding.override_page, name="slot-override"),
    path("series/<int:pk>/", series.series_page, name="slot-series"),
    path("series/<int:pk>/end/", series.end_page, name="slot-series-end"),
]
