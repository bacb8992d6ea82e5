"""The addresses of pins and vetoes."""

from django.urls import path

from deployer.web.pins import vetoes, views

urlpatterns = [
    path("applications/<slug:slug>/<slug:environment>/pin/", views.pin_new, name="pin-new"),
    path("pins/<int:pk>/remove/", views.pin_remove, name="pin-remove"),
    path("releases/<int:pk>/veto/", vetoes.veto_new, name="veto-new"),
    path("vetoes/<int:pk>/withdraw/", vetoes.veto_withdraw, name="veto-withdraw"),
]
