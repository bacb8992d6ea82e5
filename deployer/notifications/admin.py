"""The outbox in the admin: who was told what, and what could not be sent."""

from django.contrib import admin

from deployer.audit.admin import ReadOnlyAdmin
from deployer.notifications.models import Notification


@admin.register(Notification)
class NotificationAdmin(ReadOnlyAdmin):
    list_display = ["id", "receiver", "channel", "address", "subject", "state", "attempts", "sent_at", "error"]
    list_filter = ["state", "channel"]
    search_fields = ["address", "subject"]
    show_full_result_count = False
