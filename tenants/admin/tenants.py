"""Admin pages of tenants and API keys. Every change goes through `tenants.services`."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.models import User
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from project.http.admin import ReadOnlyAdmin
from tenants import services
from tenants.collections import has_node
from tenants.errors import TenantRefused
from tenants.keys import KeyMode
from tenants.models import ApiKey, Event, IdempotentRequest, Tenant, TenantMembership
from tenants.scopes import Scope

# A working day to hand the new secret over; the same as the default of `manage.py rotate_api_key`.
ROTATION_OVERLAP = timedelta(hours=24)


@admin.register(Tenant)
class TenantAdmin(ModelAdmin):
    """Admin page of tenants. They can be suspended, not deleted: a deletion would cascade to all that they own."""

    list_display = ("slug", "name", "is_working", "sandbox_of", "created_at")
    list_select_related = ("sandbox_of",)
    list_filter = (("sandbox_of", admin.EmptyFieldListFilter),)
    search_fields = ("slug", "name")
    ordering = ("slug",)
    readonly_fields = ("created_at", "suspended_at", "sandbox_of")
    # Django's own paginator counts the whole table for every page; PostgreSQL has to scan it for that.
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("suspend_tenants", "resume_tenants")

    def has_delete_permission(self, request: HttpRequest, obj: Tenant | None = None) -> bool:
        return False

    @admin.display(boolean=True, description="Active")
    def is_working(self, tenant: Tenant) -> bool:
        return tenant.is_active

    @admin.action(description="Suspend: refuse all keys", permissions=["change"])
    def suspend_tenants(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        # One by one through the service rather than queryset.update(): the rule of what suspending means stays there.
        for tenant in queryset:
            services.suspend_tenant(tenant=tenant)
        messages.success(request, "Suspended.")

    @admin.action(description="Resume: let keys work again", permissions=["change"])
    def resume_tenants(self, request: HttpRequest, queryset: QuerySet[Tenant]) -> None:
        for tenant in queryset:
            services.resume_tenant(tenant=tenant)
        messages.success(request, "Resumed.")


class IssueKeyForm(forms.ModelForm[ApiKey]):
    """The form with which an operator issues a key. Prefix and digest are not fields: the service makes them."""

    scopes = forms.MultipleChoiceField(
        choices=[(scope.value, scope.value) for scope in Scope], widget=forms.CheckboxSelectMultiple
    )
    mode = forms.ChoiceField(
        choices=[(mode.value, mode.value) for mode in KeyMode],
        help_text="Test keys work in the sandbox of the tenant, which is made with the first one.",
    )

    class Meta:
        model = ApiKey
        fields = (
            "tenant", "label", "scopes", "prep_per_minute", "check_per_minute", "expires_at", "node_id", "networks"
        )  # fmt: skip

    def clean(self) -> dict[str, Any] | None:
        cleaned = super().clean()
        tenant, node_id = self.cleaned_data.get("tenant"), self.cleaned_data.get("node_id")
        mode = self.cleaned_data.get("mode")
        if tenant is not None and tenant.is_sandbox and mode == KeyMode.LIVE:
            self.add_error("mode", "A sandbox has test keys only.")
        if tenant is not None and node_id is not None:
            # The node is one of the world in which the key will work.
            if mode == KeyMode.TEST and not tenant.is_sandbox:
                tenant = Tenant.objects.filter(sandbox_of=tenant).first()
            if tenant is None or not has_node(tenant, node_id):
                self.add_error("node_id", "The tenant has no such course node.")
        return cleaned

    def clean_networks(self) -> list[str]:
        try:
            return services.normalize_networks(self.cleaned_data["networks"])
        except TenantRefused as exc:
            raise forms.ValidationError(f"{exc} {exc.next_step}") from exc

    def clean_expires_at(self) -> datetime | None:
        expires_at: datetime | None = self.cleaned_data["expires_at"]
        if expires_at is not None and expires_at <= timezone.now():
            raise forms.ValidationError("Choose a time in the future.")
        return expires_at


@admin.register(ApiKey)
class ApiKeyAdmin(ModelAdmin):
    """Admin page of API keys. A new key's secret is shown once; afterwards it can only be revoked or rotated."""

    form = IssueKeyForm
    list_display = (
        "prefix", "label", "tenant", "scopes", "node_id", "networks", "working_state", "last_used_at", "expires_at"
    )  # fmt: skip
    list_filter = ("tenant",)
    list_select_related = ("tenant",)
    search_fields = ("prefix", "label", "tenant__slug")
    ordering = ("-created_at", "id")
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("revoke_keys", "rotate_keys")

    def has_change_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        # Without an object Django asks for the list and its actions (revoke, rotate), which need the permission.
        return obj is None and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: ApiKey | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: forms.Form, change: bool) -> None:
        assert isinstance(obj, ApiKey)
        issued = services.issue_api_key(
            tenant=obj.tenant,
            label=obj.label,
            scopes=[Scope(name) for name in obj.scopes],
            mode=KeyMode(form.cleaned_data["mode"]),
            expires_at=obj.expires_at,
            prep_per_minute=obj.prep_per_minute,
            check_per_minute=obj.check_per_minute,
            node_id=obj.node_id,
            networks=obj.networks,
        )
        # The admin goes on with `obj`: it logs the addition and redirects to it, so it needs the stored row's id.
        obj.__dict__.update(issued.key.__dict__)
        _show_secret(request, issued)

    @admin.display(description="State")
    def working_state(self, key: ApiKey) -> str:
        return key.get_state(timezone.now())

    @admin.action(description="Revoke", permissions=["change"])
    def revoke_keys(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            services.revoke_api_key(key=key)
        messages.success(request, "Revoked.")

    @admin.action(
        description="Rotate: issue a successor, the old key works for 24 hours more", permissions=["add", "change"]
    )
    def rotate_keys(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for key in queryset:
            try:
                _show_secret(request, services.rotate_api_key(key=key, overlap=ROTATION_OVERLAP))
            except TenantRefused as exc:
                messages.error(request, f"{exc} {exc.next_step}")


class MembershipForm(forms.ModelForm[TenantMembership]):
    """The form with which an operator says which tenant a user belongs to."""

    class Meta:
        model = TenantMembership
        fields = ("user", "tenant")

    def clean_user(self) -> User:
        user: User = self.cleaned_data["user"]
        if user.is_superuser:
            raise forms.ValidationError("A superuser sees all tenants. Choose a user without that status.")
        return user


@admin.register(TenantMembership)
class TenantMembershipAdmin(ModelAdmin):
    """Admin page of the users who edit the courses of one tenant. Adding one makes the user a methodologist."""

    list_display = ("user", "tenant", "created_at")
    list_filter = ("tenant",)
    list_select_related = ("user", "tenant")
    search_fields = ("user__username", "tenant__slug")
    ordering = ("user__username",)
    form = MembershipForm
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("remove_members",)

    def get_readonly_fields(self, request: HttpRequest, obj: TenantMembership | None = None) -> tuple[str, ...]:
        return () if obj is None else ("user",)

    def has_delete_permission(self, request: HttpRequest, obj: TenantMembership | None = None) -> bool:
        # Django's own action deletes rows without the service, which also closes the admin to the user.
        return False

    def save_model(self, request: HttpRequest, obj: Model, form: forms.Form, change: bool) -> None:
        assert isinstance(obj, TenantMembership)
        saved = services.assign_methodologist(user=obj.user, tenant=obj.tenant)
        obj.__dict__.update(saved.__dict__)

    @admin.action(description="Remove: close the admin to all who were no staff before", permissions=["change"])
    def remove_members(self, request: HttpRequest, queryset: QuerySet[TenantMembership]) -> None:
        for membership in queryset.select_related("user"):
            services.remove_methodologist(membership=membership)
        messages.success(request, "Removed.")


@admin.register(IdempotentRequest)
class IdempotentRequestAdmin(ReadOnlyAdmin):
    """Requests with an Idempotency-Key, the last answered first. Their answers are encrypted and not shown."""

    list_display = ("id", "tenant", "status", "location", "created_at", "answered_at")
    list_select_related = ("tenant",)
    search_fields = ("id", "tenant__slug", "location")
    ordering = ("-answered_at",)
    exclude = ("answer",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Model]:
        rows: QuerySet[Model] = super().get_queryset(request)
        return rows.defer("answer")


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """The log of events of all tenants, newest first."""

    list_display = ("created_at", "type", "tenant", "subject_id")
    list_filter = ("type", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("id", "subject_id", "tenant__slug")
    ordering = ("-id",)


def _show_secret(request: HttpRequest, issued: services.IssuedKey) -> None:
    messages.warning(request, f"The key of {issued.key.label} is shown only now. Copy it: {issued.secret}")
