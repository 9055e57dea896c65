from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

COURSE = Path(__file__).resolve().parents[2] / "course" / "Maps and how they lie"


class Command(BaseCommand):
    help = "Turn the sample course into a structure and show it."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.VAR_DIR) / "demo"
        call_command("build_course", str(COURSE), json=folder / "structure.json", markdown=folder / "structure.md")
        self.stdout.write(
            "\nThat is the sample course. Your own: .venv/bin/python manage.py build_course FOLDER\n"
            "API, its pages and the admin on this machine: make up"
        )
