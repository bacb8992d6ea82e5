from typing import Any

from django.db import migrations


def give_lanes(apps: Any, schema_editor: Any) -> None:
    """One lane for each receiver that has been told of anything."""
    lanes = apps.get_model("notifications", "Lane").objects
    notifications = apps.get_model("notifications", "Notification").objects.filter(lane=None)
    for channel, address in notifications.order_by().values_list("channel", "address").distinct():
        lane, _ = lanes.get_or_create(channel=channel, address=address, connection="")
        notifications.filter(channel=channel, address=address).update(lane=lane)


class Migration(migrations.Migration):
    dependencies = [
        ("notifications", "0002_lanes"),
    ]

    operations = [
        migrations.RunPython(give_lanes, migrations.RunPython.noop),
    ]
