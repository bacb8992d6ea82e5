"""The addresses of deliveries."""

from django.urls import path

from deployer.web.deliveries import views

urlpatterns = [
    path("", views.deliveries, name="deliveries"),
    path("<int:pk>/", views.delivery, name="delivery"),
    path("<int:pk>/redeliver/", views.redeliver_page, name="redeliver"),
]
