from django.urls import path

from deployer.promotions import views

urlpatterns = [
    path("promotions/<int:pk>/", views.promotion_page, name="promotion"),
    path("promotions/<int:pk>/override/", views.override_page, name="promotion-override"),
    path("promotions/<int:pk>/steps/<int:position>/log/", views.log_page, name="step-log-page"),
    path("promotions/<int:pk>/steps/<int:position>/log.txt", views.step_log, name="step-log"),
]
