from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    name = "deployer.promotions"
    label = "promotions"
    verbose_name = "Promotions"
