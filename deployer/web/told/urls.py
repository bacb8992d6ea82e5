"""The addresses of what people are told."""

from django.urls import path

from deployer.web.told import views

urlpatterns = [
    path("", views.told, name="told"),
    path("settings/", views.settings_page, name="told-settings"),
]
