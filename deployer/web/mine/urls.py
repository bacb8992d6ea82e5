"""The addresses of one's own page."""

from django.urls import path

from deployer.web.mine import views

urlpatterns = [
    path("", views.my, name="my"),
    path("settings/", views.settings_page, name="my-settings"),
]
