from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from tenants.webhooks.dispatcher import WebhookDispatcher


class Command(BaseCommand):
    help = (
        "Send webhooks of all tenants until stopped. Several may run, also on several machines. SIGTERM lets end what "
        "is being sent."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        WebhookDispatcher(threads=settings.WEBHOOK_THREADS).run()
