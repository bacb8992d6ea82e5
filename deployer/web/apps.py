from django.apps import AppConfig


class WebConfig(AppConfig):
    name = "deployer.web"
    label = "web"
    verbose_name = "Web"
