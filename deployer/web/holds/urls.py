"""The addresses of holds."""

from django.urls import path

from deployer.web.holds import placing, views

urlpatterns = [
    path("new/", placing.new, name="hold-new"),
    path("<int:pk>/", views.hold_page, name="hold"),
    path("<int:pk>/<slug:way>/", views.way_page, name="hold-way"),
]
