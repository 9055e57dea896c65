"""Admin pages of uploads and reserved storage, and of the quotas that operators set."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import Model
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator
from unfold.widgets import UnfoldAdminTextInputWidget

from materials.models import Quota, StorageReservation, Upload
from materials.objects.quotas import set_quota
from project.env import parse_size
from project.http.admin import ReadOnlyAdmin


@admin.register(Upload)
class UploadAdmin(ReadOnlyAdmin):
    """Uploads that clients send directly to the store."""

    list_display = (
        "name",
        "tenant",
        "node",
        "status",
        "size_bytes",
        "entry",
        "error_code",
        "created_at",
        "expires_at",
        "cleared_at",
    )
    list_filter = ("tenant", "status", ("cleared_at", admin.EmptyFieldListFilter))
    list_select_related = ("tenant", "node", "entry")
    search_fields = ("name", "id", "sha256")
    ordering = ("-created_at", "-id")


class SizeField(forms.CharField):
    """A number of bytes, written as `10 GB`, `1GiB` or `1048576`; blank means None."""

    widget = UnfoldAdminTextInputWidget

    def clean(self, value: Any) -> int | None:
        word: str = super().clean(value)
        if not word:
            return None
        number = parse_size(word)
        if number is None or number >= 2**63:  # PostgreSQL's bigint
            raise forms.ValidationError("Write a size such as 10GB, 1GiB or 1048576.")
        return number


class QuotaForm(forms.ModelForm[Quota]):
    """The form of a quota, with sizes as people write them."""

    soft_limit = SizeField(required=False, help_text="Such as 10GB. Beyond it operators and senders are warned.")
    hard_limit = SizeField(required=False, help_text="Such as 20GB. What could go beyond it is refused.")

    class Meta:
        model = Quota
        fields = ("tenant", "soft_limit", "hard_limit")


@admin.register(Quota)
class QuotaAdmin(ModelAdmin):
    """How much each tenant may store. Raising the hard limit here lets refused files be sent again."""

    form = QuotaForm
    readonly_fields = ("own_soft_limit", "own_hard_limit")
    list_display = (
        "tenant", "display_soft_limit", "display_hard_limit", "own_soft_limit", "own_hard_limit", "warned_at",
        "updated_at",
    )  # fmt: skip
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)
    ordering = ("tenant__slug", "id")
    paginator = InfinitePaginator
    show_full_result_count = False

    def save_model(self, request: HttpRequest, obj: Model, form: forms.Form, change: bool) -> None:
        assert isinstance(obj, Quota)
        # The service finds or creates the tenant's row, which may not be the form's object: the admin logs by its key.
        saved = set_quota(tenant=obj.tenant, soft_limit=obj.soft_limit, hard_limit=obj.hard_limit)
        obj.pk = saved.pk

    @admin.display(description="Soft limit", ordering="soft_limit")
    def display_soft_limit(self, quota: Quota) -> str:
        return _format_limit(quota.soft_limit)

    @admin.display(description="Hard limit", ordering="hard_limit")
    def display_hard_limit(self, quota: Quota) -> str:
        return _format_limit(quota.hard_limit)


@admin.register(StorageReservation)
class StorageReservationAdmin(ReadOnlyAdmin):
    """Reservations for files that are being received or fetched."""

    list_display = ("tenant", "size_bytes", "expires_at", "created_at")
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)
    ordering = ("-created_at", "-id")


def _format_limit(limit: int | None) -> str:
    return "none" if limit is None else f"{limit:,} bytes"
