from django.apps import AppConfig


class PromotionsConfig(AppConfig):
    name = "deployer.promotions"
    label = "promotions"
    verbose_name = "Promotions"

    def ready(self) -> None:
        # Models can be imported only now that all apps are known.
        from apps_registry.signals import automation_changed  # noqa: PLC0415
        from deployer.calendar.signals import calendar_changed, freeze_declared  # noqa: PLC0415
        from deployer.promotions import listeners  # noqa: PLC0415

        automation_changed.connect(listeners.on_automation_changed, dispatch_uid="promotions")
        calendar_changed.connect(listeners.on_calendar_changed, dispatch_uid="promotions")
        freeze_declared.connect(listeners.on_freeze_declared, dispatch_uid="promotions")
