"""The addresses of what is stopped, and of stopping everything."""

from django.urls import path

from deployer.web.stopped import views

urlpatterns = [
    path("stopped/", views.stopped, name="stopped"),
    path("stop-everything/", views.stop_page, name="stop-everything"),
]
