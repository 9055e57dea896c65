from django.apps import AppConfig

from tenants import rate_limits as rate_limits  # registers its system check
from tenants import scopes as scopes  # likewise


class TenantsConfig(AppConfig):
    """Who is asking: tenants, their API keys, scopes and limits."""

    name = "tenants"
