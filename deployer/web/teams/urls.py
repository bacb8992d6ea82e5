"""The addresses of teams."""

from django.urls import path

from deployer.web.teams import views

urlpatterns = [
    path("", views.teams, name="teams"),
    path("<slug:slug>/", views.team, name="team"),
]
