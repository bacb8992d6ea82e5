"""The addresses of people."""

from django.urls import path

from deployer.web.people import views

urlpatterns = [
    path("<int:pk>/", views.person, name="person"),
]
