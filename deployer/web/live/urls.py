from django.urls import path

from deployer.web.live import views

urlpatterns = [
    path("", views.stream, name="live"),
    path("changes/", views.changes, name="live-changes"),
]
