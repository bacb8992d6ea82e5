from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("promotions", "0004_ways")]

    operations = [
        migrations.AddField(
            model_name="promotion",
            name="approval_asked_at",
            field=models.DateTimeField(blank=True, null=True),
        ),
    ]
