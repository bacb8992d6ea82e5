"""Releases and deployments in the admin: to look at."""

from django.contrib import admin

from deployer.audit.admin import ReadOnlyAdmin
from deployer.releases.models import Deployment, Release


@admin.register(Release)
class ReleaseAdmin(ReadOnlyAdmin):
    list_display = ["application", "version", "commit", "number", "created_at", "created_by"]
    list_select_related = ["application"]
    search_fields = ["application__slug", "version", "commit"]
    date_hierarchy = "created_at"
    show_full_result_count = False


@admin.register(Deployment)
class DeploymentAdmin(ReadOnlyAdmin):
    list_display = ["at", "target", "release", "verified_at"]
    list_select_related = ["target__application", "target__environment", "release__application"]
    list_filter = ["target__environment"]
    search_fields = ["target__application__slug", "release__version"]
    date_hierarchy = "at"
    show_full_result_count = False
