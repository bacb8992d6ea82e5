"""Promotions, and what people say of them, in the admin: their states change through actions only."""

from django.contrib import admin

from deployer.audit.admin import ReadOnlyAdmin
from deployer.promotions.models import Approval, Hold, Pin, Promotion, PromotionOverride, Veto


@admin.register(Promotion)
class PromotionAdmin(ReadOnlyAdmin):
    list_display = ["id", "target", "release", "kind", "state", "created_at", "finished_at", "outcome"]
    list_select_related = ["target__application", "target__environment", "release__application"]
    list_filter = ["state", "kind", "target__environment"]
    search_fields = ["target__application__slug", "release__version"]
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(Hold)
class HoldAdmin(ReadOnlyAdmin):
    list_display = ["application", "environment", "kind", "reason", "placed_by", "placed_at", "lifted_by", "lifted_at"]
    list_select_related = ["application", "environment"]
    list_filter = ["kind", "way_out", "environment", ("lifted_at", admin.EmptyFieldListFilter)]
    search_fields = ["application__slug", "reason", "resolution"]


@admin.register(Veto)
class VetoAdmin(ReadOnlyAdmin):
    list_display = ["release", "reason", "placed_by", "placed_at", "withdrawn_by", "withdrawn_at", "withdrawn_reason"]
    list_select_related = ["release__application"]
    list_filter = [("withdrawn_at", admin.EmptyFieldListFilter)]
    search_fields = ["release__application__slug", "release__version", "reason"]


@admin.register(Pin)
class PinAdmin(ReadOnlyAdmin):
    list_display = [
        "target",
        "release",
        "reason",
        "placed_by",
        "placed_at",
        "removed_by",
        "removed_at",
        "removed_reason",
    ]
    list_select_related = ["target__application", "target__environment", "release__application"]
    list_filter = ["target__environment", ("removed_at", admin.EmptyFieldListFilter)]
    search_fields = ["target__application__slug", "release__version", "reason"]


@admin.register(Approval)
class ApprovalAdmin(ReadOnlyAdmin):
    list_display = ["promotion", "name", "rejects", "reason", "at"]
    list_select_related = ["promotion__release__application", "promotion__target__environment"]
    list_filter = ["rejects", "promotion__target__environment"]
    search_fields = ["name", "reason", "promotion__target__application__slug"]
    date_hierarchy = "at"
    show_full_result_count = False


@admin.register(PromotionOverride)
class PromotionOverrideAdmin(ReadOnlyAdmin):
    list_display = ["promotion", "blocker", "reason", "given_by", "given_at", "expires_at"]
    list_select_related = ["promotion__release__application", "promotion__target__environment"]
    list_filter = ["promotion__target__environment"]
    search_fields = ["blocker", "sentence", "reason", "given_by", "promotion__target__application__slug"]
    date_hierarchy = "given_at"
    show_full_result_count = False
