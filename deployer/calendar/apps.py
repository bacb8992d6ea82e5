from django.apps import AppConfig


class CalendarConfig(AppConfig):
    name = "deployer.calendar"
    label = "calendar"
    verbose_name = "Calendar"
