from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandParser

from project.jobs.queues import JobQueue
from project.jobs.supervisor import Supervisor


class Command(BaseCommand):
    help = (
        "Do the jobs of all tenants until stopped. Starts a cluster of workers for each queue and mends it when a "
        "process of it dies. SIGTERM lets running jobs end first; a second one does not wait."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--queue", choices=JobQueue.values, help="Serve this queue alone, on a machine of its own. Default: both."
        )

    def handle(self, *args: Any, queue: str | None, **options: Any) -> None:
        Supervisor([JobQueue(queue)] if queue else list(JobQueue)).run()
