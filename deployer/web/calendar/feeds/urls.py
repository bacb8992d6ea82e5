"""The addresses of feeds, and of the page where a person's is made."""

from django.urls import path

from deployer.web.calendar.feeds import views

urlpatterns = [
    path("", views.feeds, name="feeds"),
    path("<str:secret>/my.ics", views.my_feed, name="feed-my"),
    path("<str:secret>/teams/<slug:slug>.ics", views.team_feed, name="feed-team"),
    path("<str:secret>/applications/<slug:slug>.ics", views.application_feed, name="feed-application"),
    path("<str:secret>/environments/<slug:slug>.ics", views.environment_feed, name="feed-environment"),
    path("<str:secret>/freezes.ics", views.freezes_feed, name="feed-freezes"),
    path("<path:rest>", views.no_feed),
]
