from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "deployer.audit"
    label = "audit"
    verbose_name = "Audit"
