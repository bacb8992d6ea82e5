from django.apps import AppConfig


class ReleasesConfig(AppConfig):
    name = "deployer.releases"
    label = "releases"
    verbose_name = "Releases"
