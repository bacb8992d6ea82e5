from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "deployer.access"
    label = "access"
    verbose_name = "Access"
