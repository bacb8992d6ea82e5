"""The address of the hours' page."""

from django.urls import path

from deployer.web.calendar import hours

urlpatterns = [path("", hours.hours_page, name="hours")]
