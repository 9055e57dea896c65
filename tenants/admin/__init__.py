"""Admin pages of this app, registered when Django imports this package."""

from tenants.admin import tenants, webhooks

__all__ = ["tenants", "webhooks"]
