"""The address of a slot's calendar file."""

from django.urls import path

from deployer.web.calendar.feeds import views

urlpatterns = [path("<int:pk>/slot.ics", views.slot_file, name="slot-ics")]
