from django.apps import AppConfig


class NotificationsConfig(AppConfig):
    name = "deployer.notifications"
    label = "notifications"
    verbose_name = "Notifications"

    def ready(self) -> None:
        # Models can be imported only now that all apps are known.
        from deployer.audit.actions import event_recorded  # noqa: PLC0415
        from deployer.notifications.outbox import write_outbox  # noqa: PLC0415

        event_recorded.connect(write_outbox, dispatch_uid="outbox")
