import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("promotions", "0003_stop_the_line"),
        ("releases", "0001_initial"),
    ]

    operations = [
        migrations.AddField(
            model_name="hold",
            name="stopped",
            field=models.ForeignKey(
                blank=True,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="releases.release",
            ),
        ),
    ]
