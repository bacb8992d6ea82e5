"""The addresses of what people do to promotions."""

from django.urls import path

from deployer.web.promoting import views

urlpatterns = [
    path("promotions/<int:pk>/abort/", views.abort_page, name="promotion-abort"),
    path("promotions/<int:pk>/promote/", views.promote_page, name="promotion-promote"),
    path("applications/<slug:slug>/<slug:environment>/roll-back/", views.roll_back_page, name="roll-back"),
]
