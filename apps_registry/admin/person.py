"""People with their teams, and what they sign in by: the access app knows no team, so the registry adds them to its
admin."""

from typing import Any

from django.conf import settings
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from social_django.models import Association, Nonce, UserSocialAuth

from apps_registry.admin.base import RegistryInline
from apps_registry.models import Membership
from deployer.access.admin import PersonAdmin
from deployer.access.models import User
from deployer.audit.admin import OnlyShown


class MembershipInline(RegistryInline):
    model = Membership
    verbose_name = "team"
    verbose_name_plural = "Teams: those with sign-in groups are set again at each sign-in"
    autocomplete_fields = ("team",)
    related = ("user", "team")


class IdentityInline(OnlyShown, RegistryInline):
    """Shown only: an identity is given to an account when it first signs in, and to no other ever."""

    model = UserSocialAuth
    verbose_name = "identity"
    verbose_name_plural = "Signs in by"
    fields = readonly_fields = ("provider_label", "uid", "created")
    related = ("user",)

    @admin.display(description="provider")
    def provider_label(self, identity: UserSocialAuth) -> str:
        label: str = settings.SIGN_IN_PROVIDERS.get(identity.provider, identity.provider)
        return label

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return True


class PersonWithTeamsAdmin(PersonAdmin):
    def get_inlines(self, request: HttpRequest, obj: User | None = None) -> Any:
        return (MembershipInline, IdentityInline) if obj else (MembershipInline,)


for model in (Association, Nonce, UserSocialAuth):
    admin.site.unregister(model)
admin.site.unregister(User)
admin.site.register(User, PersonWithTeamsAdmin)
