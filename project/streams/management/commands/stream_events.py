from __future__ import annotations

from argparse import ArgumentParser
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from project.streams.application import StreamApplication
from project.streams.server import StreamServer


class Command(BaseCommand):
    help = (
        "Serve event streams and requests that wait (`/events`, `?wait=`) until stopped. Holds thousands of them "
        "without a thread each. SIGTERM ends them, so that clients connect again. Belongs behind nginx, as the web "
        "server does."
    )

    # They would load the views of all that is not served here: 30 MB.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="where to listen; in a container 0.0.0.0")
        parser.add_argument("--port", type=int, default=8001)

    def handle(self, *, host: str, port: int, **options: Any) -> None:
        server = StreamServer(StreamApplication(), host=host, port=port, handover=settings.STREAMS_SOCKET)
        server.run()
