"""The addresses of the calendar's page."""

from django.urls import path

from deployer.web.calendar import views

urlpatterns = [path("", views.calendar, name="calendar")]
