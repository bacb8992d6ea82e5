"""The addresses of releases."""

from django.urls import path

from deployer.web.releases import views

urlpatterns = [
    path("releases/<int:pk>/", views.release_page, name="release"),
]
