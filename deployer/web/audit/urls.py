"""The addresses of the audit."""

from django.urls import path

from deployer.web.audit import views

urlpatterns = [
    path("audit/", views.audit, name="audit"),
    path("audit/new/", views.new, name="audit-new"),
    path("audit/audit.csv", views.audit_csv, name="audit-csv"),
]
