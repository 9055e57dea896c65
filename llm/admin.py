"""Admin pages of models: attempts, batches, spending limits, rates and breakers."""

from __future__ import annotations

from django import forms
from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from unfold.admin import ModelAdmin
from unfold.paginator import InfinitePaginator

from llm import services
from llm.models import BatchRequest, Breaker, ExternalCall, ModelBatch, ProviderRate, SpendingLimit
from project.http.admin import ReadOnlyAdmin


@admin.register(ExternalCall)
class ExternalCallAdmin(ReadOnlyAdmin):
    """Attempts at models, newest first. The sum of the cost of those that are not simulated is the bill."""

    list_display = (
        "created_at",
        "tenant",
        "action",
        "path",
        "provider",
        "model",
        "outcome",
        "units_in",
        "units_out",
        "cost",
        "estimated_cost",
        "latency_ms",
        "is_simulated",
    )
    list_filter = ("is_simulated", "outcome", "action", "provider", "model", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("id", "call_id", "job__id", "request_id", "tenant__slug")
    ordering = ("-id",)


@admin.register(ModelBatch)
class ModelBatchAdmin(ReadOnlyAdmin):
    """Batches, newest first. They end by themselves, or when their job is cancelled."""

    list_display = (
        "created_at",
        "tenant",
        "action",
        "provider",
        "model",
        "status",
        "requests_done",
        "requests_total",
        "fault_code",
        "ends_by",
        "vendor_id",
    )
    list_filter = ("status", "provider", "model", "fault_code", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("id", "vendor_id", "job__id", "tenant__slug")
    ordering = ("-id",)


@admin.register(BatchRequest)
class BatchRequestAdmin(ReadOnlyAdmin):
    """The questions of batches, newest first. What each has cost stands in the attempt with the same id."""

    list_display = ("created_at", "tenant", "batch_id", "outcome", "reference")
    list_filter = ("outcome", "tenant")
    list_select_related = ("tenant",)
    search_fields = ("id", "batch__id", "reference")
    ordering = ("-id",)


@admin.register(SpendingLimit)
class SpendingLimitAdmin(ModelAdmin):
    """What each tenant may spend in a month. Raising the hard limit here lets refused work go on."""

    fields = ("tenant", "soft_limit", "hard_limit", "own_soft_limit", "own_hard_limit")
    readonly_fields = ("own_soft_limit", "own_hard_limit")
    list_display = (
        "tenant", "soft_limit", "hard_limit", "own_soft_limit", "own_hard_limit", "warned_at", "exhausted_at",
        "updated_at",
    )  # fmt: skip
    list_select_related = ("tenant",)
    search_fields = ("tenant__slug",)
    ordering = ("tenant__slug", "id")
    # Counting all rows would cost more than the page itself.
    paginator = InfinitePaginator
    show_full_result_count = False

    # Through the service, so that a change here locks the row and forgets the month's warning as the command does.
    def save_model(self, request: HttpRequest, obj: Model, form: forms.Form, change: bool) -> None:
        assert isinstance(obj, SpendingLimit)
        saved = services.set_budget(tenant=obj.tenant, soft_limit=obj.soft_limit, hard_limit=obj.hard_limit)
        obj.pk = saved.pk


@admin.register(ProviderRate)
class ProviderRateAdmin(ReadOnlyAdmin):
    """What providers with a limit were sent lately; it leaks away within a minute."""

    list_display = ("provider", "requests", "tokens", "counted_at")
    search_fields = ("provider",)
    ordering = ("provider", "id")


@admin.register(Breaker)
class BreakerAdmin(ReadOnlyAdmin):
    """Breakers of models that failed lately. While one is open, the model is passed over."""

    list_display = ("provider", "model", "shape", "key", "kind", "failures", "opened", "open_until", "updated_at")
    list_filter = ("provider", "kind")
    search_fields = ("provider", "model")
    ordering = ("-updated_at", "-id")
    actions = ("close",)

    @admin.action(description="Close: ask the model again at once", permissions=["operate"])
    def close(self, request: HttpRequest, queryset: QuerySet[Breaker]) -> None:
        for breaker in queryset:
            services.close_breaker(breaker=breaker)
        messages.success(request, "Closed. The next call tries again.")
