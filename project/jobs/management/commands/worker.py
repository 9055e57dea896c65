from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from project.jobs.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Do the jobs of all tenants until stopped. Starts a cluster of workers and mends it when a process of it dies. "
        "SIGTERM lets running jobs end first; a second one does not wait."
    )

    def handle(self, *args: Any, **options: Any) -> None:
        Supervisor().run()
