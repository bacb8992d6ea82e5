"""The outbox in the admin: who was told what, what could not be sent, and whom it could not be sent to."""

from django.contrib import admin

from deployer.audit.admin import ReadOnlyAdmin
from deployer.notifications.models import Lane, Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["id", "receiver", "lane", "subject", "state", "urgent", "attempts", "sent_at", "error"]
    list_filter = ["state", "channel", "urgent"]
    list_select_related = ["lane"]
    search_fields = ["receiver", "subject"]
    exclude = ["address", "parts_done"]  # a webhook's address may hold a secret
    show_full_result_count = False


@admin.register(Lane)
class LaneAdmin(ReadOnlyAdmin):
    list_display = ["channel", "shown_address", "failures", "paused_until", "last_error", "last_sent_at"]
    list_filter = ["channel"]
    exclude = ["address", "fence"]
    show_full_result_count = False
