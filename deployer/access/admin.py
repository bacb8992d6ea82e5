"""People, in the admin."""

from typing import TYPE_CHECKING

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.db import transaction
from django.http import HttpRequest, HttpResponse

from deployer.access.audited_admin import AuditedAdmin, actor_of
from deployer.access.models import User
from deployer.audit.actions import record

if TYPE_CHECKING:  # Django's class takes type arguments only in the stubs
    BaseUserAdmin = UserAdmin[User]
else:
    BaseUserAdmin = UserAdmin

RIGHTS = ("role", "is_active", "is_superuser", "is_staff", "groups", "user_permissions")


@admin.register(User)
class PersonAdmin(AuditedAdmin, BaseUserAdmin):
    list_display = ("username", "full_name", "email", "role", "is_staff", "is_superuser", "is_active", "last_login")
    list_filter = ("role", "is_active", "is_staff", "is_superuser")
    search_fields = ("username", "first_name", "last_name", "email")
    ordering = ("username",)
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "time_zone")}),
        (
            "What they may do",
            {
                "fields": ("role", "is_active", "is_superuser", "is_staff"),
                "description": "The role counts on Deployer's pages. Superusers are its admins; staff may sign in "
                "to this admin and edit what the groups and permissions below allow.",
            },
        ),
        ("Permissions in this admin", {"classes": ("collapse",), "fields": ("groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"classes": ("wide",), "fields": ("username", "usable_password", "password1", "password2")}),
        ("Person", {"fields": ("first_name", "last_name", "email", "role", "time_zone")}),
    )

    @admin.display(description="name", ordering="first_name")
    def full_name(self, user: User) -> str:
        return user.get_full_name()

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser gives rights: staff who may edit people can't raise themselves."""
        assert isinstance(request.user, User)  # noqa: S101 — narrows the type; the admin refuses others
        return self.readonly_fields if request.user.is_superuser else (*self.readonly_fields, *RIGHTS)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        """Nor may staff change a superuser, whose password they could set to sign in as them."""
        return super().has_change_permission(request, obj) and _may_touch(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return super().has_delete_permission(request, obj) and _may_touch(request, obj)

    def user_change_password(self, request: HttpRequest, id: str, form_url: str = "") -> HttpResponse:  # noqa: A002
        """Django's page, with an event when the password was changed or taken away."""
        with transaction.atomic():
            person = self.get_object(request, unquote(id))
            before = person and person.password
            response = super().user_change_password(request, id, form_url)
            if person is not None:
                person.refresh_from_db(fields=["password"])
                if person.password != before:
                    record("access.user.password_changed", f"Changed the password of {person}.", by=actor_of(request))
        return response


def _may_touch(request: HttpRequest, person: User | None) -> bool:
    return person is None or not person.is_superuser or request.user.is_superuser
