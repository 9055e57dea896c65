from django.apps import AppConfig


class TenantsConfig(AppConfig):
    """Who is asking: tenants, their API keys, scopes and limits."""

    name = "tenants"
