"""Admin page of accounts."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from survey.accounts.models import User

admin.site.unregister(Group)
# Second factors and addresses of people are their own business.
for model in (EmailAddress, Authenticator):
    admin.site.unregister(model)


@admin.register(User)
class AccountAdmin(UserAdmin, ModelAdmin):
    """Accounts with role and agency scope."""

    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "first_name", "role", "agency", "is_active")
    list_filter = ("role", "is_active")
    autocomplete_fields = ("agency",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        (_("Person"), {"fields": ("first_name", "last_name", "email", "language")}),
        (_("Scope"), {"fields": ("role", "agency", "is_active", "is_staff", "is_superuser")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "password1", "password2", "role", "agency")}),)
    filter_horizontal = ()
