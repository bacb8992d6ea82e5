"""The addresses of this part of the calendar."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
