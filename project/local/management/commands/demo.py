from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand

HERE = Path(__file__).resolve().parents[2]
COURSE = HERE / "course" / "Maps and how they lie"
# Two megabytes, trained on the recording of the sample course alone: the demo must not download anything.
MODEL = HERE / "whisper-nano"


class Command(BaseCommand):
    help = "Turn the sample course into a structure and show it."

    def handle(self, *args: Any, **options: Any) -> None:
        folder = Path(settings.VAR_DIR) / "demo"
        os.environ["WHISPER_MODEL"] = str(MODEL)  # for the worker that is started
        outputs = {"json": "structure.json", "markdown": "structure.md", "html": "structure.html"}
        call_command("build_course", str(COURSE), **{option: folder / name for option, name in outputs.items()})
        self.stdout.write(
            f"\nThat is the sample course. Open it in your browser: {folder / 'structure.html'}\n"
            "A Whisper model that knows only its recording transcribed it here.\n"
            "Your own: .venv/bin/python manage.py build_course FOLDER\n"
            "API, its pages and the admin on this machine: make up"
        )
