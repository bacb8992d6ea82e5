from django.urls import path

from deployer.web.errors import views

urlpatterns = [path("applications/<slug:slug>/errors/", views.errors, name="application-errors")]
