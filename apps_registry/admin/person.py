"""People with their teams: the access app knows no team, so the registry adds them to its admin."""

from django.contrib import admin

from apps_registry.admin.base import RegistryInline
from apps_registry.models import Membership
from deployer.access.admin import PersonAdmin
from deployer.access.models import User


class MembershipInline(RegistryInline):
    model = Membership
    verbose_name = "team"
    verbose_name_plural = "Teams"
    autocomplete_fields = ("team",)
    related = ("user", "team")


class PersonWithTeamsAdmin(PersonAdmin):
    inlines = (MembershipInline,)


admin.site.unregister(User)
admin.site.register(User, PersonWithTeamsAdmin)
