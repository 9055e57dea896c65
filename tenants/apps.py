from django.apps import AppConfig

from tenants import scopes as scopes  # likewise


class TenantsConfig(AppConfig):
    """Who is asking: tenants, their API keys, scopes and limits."""

    name = "tenants"
