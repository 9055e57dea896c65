"""Admin pages of webhooks. Every change goes through the services."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from project.errors import DomainError
from project.http.admin import ReadOnlyAdmin, ReadOnlyInline
from tenants.events.catalogue import EventType
from tenants.models import WebhookAttempt, WebhookDelivery, WebhookEndpoint
from tenants.webhooks import services
from tenants.webhooks.errors import WebhookRefused
from tenants.webhooks.replays import replay_delivery


class WebhookEndpointForm(forms.ModelForm[WebhookEndpoint]):
    """The form of an endpoint. Its secret is no field: the service makes it."""

    event_types = forms.MultipleChoiceField(
        choices=[(each.value, each.value) for each in EventType],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="None: all, also of types that are new one day.",
    )

    class Meta:
        model = WebhookEndpoint
        fields = ("tenant", "url", "description", "event_types")

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        tenant = cleaned.get("tenant")
        if self.instance._state.adding and tenant is not None and not services.has_room(tenant):
            raise forms.ValidationError(f"A tenant has {services.MAX_ENDPOINTS} webhooks at most.")
        return cleaned

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            services.check_endpoint_url(url)
        except WebhookRefused as exc:
            raise forms.ValidationError(f"{exc} {exc.next_step}") from exc
        return url

    def clean_event_types(self) -> list[str] | None:
        return self.cleaned_data["event_types"] or None


@admin.register(WebhookEndpoint)
class WebhookEndpointAdmin(ModelAdmin):
    """Admin page of webhook endpoints. A secret is shown once, when it is made."""

    form = WebhookEndpointForm
    list_display = ("url", "tenant", "is_working", "disabled_reason", "failing_since", "throttled_until", "created_at")
    list_filter = ("disabled_reason", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("url", "description", "tenant__slug")
    ordering = ("-created_at", "id")
    paginator = InfinitePaginator
    show_full_result_count = False
    actions = ("enable", "disable", "rotate_secrets", "send_tests")

    def get_readonly_fields(self, request: HttpRequest, obj: WebhookEndpoint | None = None) -> tuple[str, ...]:
        return () if obj is None else ("tenant", "disabled_at", "disabled_reason", "failing_since", "throttled_until")

    def save_model(self, request: HttpRequest, obj: Model, form: forms.Form, change: bool) -> None:
        assert isinstance(obj, WebhookEndpoint)
        wanted = {name: form.cleaned_data[name] for name in ("url", "description", "event_types")}
        if change:
            services.change_endpoint(tenant=obj.tenant, endpoint_id=obj.pk, changes=wanted)
            return
        made = services.create_endpoint(tenant=obj.tenant, **wanted)
        # The admin goes on with `obj`: it logs the addition and redirects to it, so it needs the stored row's id.
        obj.__dict__.update(made.endpoint.__dict__)
        _show_secret(request, made)

    def delete_model(self, request: HttpRequest, obj: WebhookEndpoint) -> None:
        services.delete_endpoint(tenant=obj.tenant, endpoint_id=obj.pk)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset:
            self.delete_model(request, endpoint)

    @admin.display(boolean=True, description="Enabled")
    def is_working(self, endpoint: WebhookEndpoint) -> bool:
        return endpoint.is_enabled

    @admin.action(description="Enable: deliver what happens from now on", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        _change_all(request, queryset, enabled=True)

    @admin.action(description="Disable: give up what waits", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        _change_all(request, queryset, enabled=False)

    @admin.action(description="Rotate: make a new secret, the old one signs for 24 hours more", permissions=["change"])
    def rotate_secrets(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset.select_related("tenant"):
            _show_secret(request, services.rotate_secret(tenant=endpoint.tenant, endpoint_id=endpoint.pk))

    @admin.action(description="Send a test message", permissions=["change"])
    def send_tests(self, request: HttpRequest, queryset: QuerySet[WebhookEndpoint]) -> None:
        for endpoint in queryset.select_related("tenant"):
            try:
                services.send_test(tenant=endpoint.tenant, endpoint_id=endpoint.pk)
            except DomainError as exc:
                messages.error(request, f"{endpoint.url}: {exc}")
            else:
                messages.success(request, f"A test is being sent to {endpoint.url}: look at its deliveries.")


class WebhookAttemptInline(ReadOnlyInline):
    """The attempts at a delivery."""

    model = WebhookAttempt
    fields = ("number", "sent_at", "milliseconds", "response_status", "error_code", "error_message", "response_excerpt")
    ordering = ("number",)


@admin.register(WebhookDelivery)
class WebhookDeliveryAdmin(ReadOnlyAdmin):
    """Admin page of what was sent to webhooks, and is to be sent."""

    list_display = (
        "id", "tenant", "endpoint", "kind", "event_type", "status", "attempt", "response_status", "error_code",
        "next_attempt_at", "created_at",
    )  # fmt: skip
    list_filter = ("status", "kind")
    list_select_related = ("tenant", "endpoint")
    search_fields = ("id", "message_id", "tenant__slug", "endpoint__url")
    ordering = ("-created_at", "-id")
    exclude = ("token",)
    inlines = (WebhookAttemptInline,)
    actions = ("replay",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        rows: QuerySet[Any] = super().get_queryset(request)
        return rows.defer("endpoint__secret", "endpoint__previous_secret")

    @admin.action(description="Send again under the same id", permissions=["operate"])
    def replay(self, request: HttpRequest, queryset: QuerySet[WebhookDelivery]) -> None:
        for delivery in queryset:
            try:
                replay_delivery(tenant=delivery.tenant, endpoint_id=delivery.endpoint_id, delivery_id=delivery.pk)
            except DomainError as exc:
                messages.error(request, f"{delivery}: {exc}")
            else:
                messages.success(request, f"{delivery} is sent again.")


@admin.register(WebhookAttempt)
class WebhookAttemptAdmin(ReadOnlyAdmin):
    """Admin page of the attempts at deliveries of all tenants."""

    list_display = ("id", "tenant", "number", "url", "sent_at", "milliseconds", "response_status", "error_code")
    list_select_related = ("tenant",)
    search_fields = ("id", "delivery__id", "tenant__slug", "url")
    ordering = ("-id",)


def _change_all(request: HttpRequest, queryset: QuerySet[WebhookEndpoint], *, enabled: bool) -> None:
    for endpoint in queryset.select_related("tenant"):
        services.change_endpoint(tenant=endpoint.tenant, endpoint_id=endpoint.pk, changes={"enabled": enabled})
    messages.success(request, "Enabled." if enabled else "Disabled.")


def _show_secret(request: HttpRequest, made: services.MadeEndpoint) -> None:
    messages.warning(request, f"The secret of {made.endpoint.url} is shown only now. Copy it: {made.secret}")
