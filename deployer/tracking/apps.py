from django.apps import AppConfig


class TrackingConfig(AppConfig):
    name = "deployer.tracking"
    label = "tracking"
    verbose_name = "Error tracking"
