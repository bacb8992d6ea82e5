"""The addresses of environments."""

from django.urls import path

from deployer.web.environments import views

urlpatterns = [
    path("", views.environments, name="environments"),
    path("<slug:slug>/", views.environment, name="environment"),
]
