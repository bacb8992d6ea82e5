"""Messages in Slack that are kept current."""

from django.db import models

from deployer.notifications.models.lane import Lane


class SlackMessage(models.Model):
    """The one message about a promotion in a channel: details go into its thread, and it always shows the newest
    state. `ts` is Slack's name for it, and `digest` is of what it shows."""

    lane = models.ForeignKey(Lane, on_delete=models.CASCADE, related_name="slack_messages")
    promotion_id = models.BigIntegerField()
    channel_id = models.CharField(max_length=40)
    ts = models.CharField(max_length=40)
    digest = models.CharField(max_length=64)
    generation = models.PositiveSmallIntegerField(default=0, help_text="How often it had to be posted anew.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["lane", "promotion_id"], name="one_kept_message_per_channel")]

    def __str__(self) -> str:
        return f"Promotion {self.promotion_id} in {self.lane}"
