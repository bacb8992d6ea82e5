"""The address of the whole estate's roll-out, /roll-out/."""

from django.urls import path

from deployer.web.rollout import views

urlpatterns = [path("", views.roll_out, name="roll-out")]
