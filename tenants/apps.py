from django.apps import AppConfig

from tenants import rate_limits as rate_limits  # registers its system check
from tenants import scopes as scopes  # likewise
from tenants.collections import register_collection


class TenantsConfig(AppConfig):
    """Tenants, their API keys, what keys may do (scopes) and how often (rate limits)."""

    name = "tenants"

    def ready(self) -> None:
        register_collection("keys", model="tenants.ApiKey", node_columns=("node_id",))
