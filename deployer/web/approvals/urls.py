"""The address of approving."""

from django.urls import path

from deployer.web.approvals import views

urlpatterns = [path("promotions/<int:pk>/approve/", views.approve_page, name="promotion-approve")]
