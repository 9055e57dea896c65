from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from project.local.console import create_progress, print_structure
from project.local.course_build import OutputFiles, add_output_arguments, list_left_out, write_outputs
from project.local.course_files import BuildFailed
from project.local.folder_outline import build_folder_outline
from project.local.reading_cache import ReadingCache


class Command(BaseCommand):
    help = (
        "Show the structure that the outline engine makes of a folder or an archive of materials. Nothing is stored "
        "but what was read, in VAR_DIR/read, so that the next look is quick. Recordings need captions, and addresses "
        "are not fetched: build_course does both."
    )
    # None of them is about what this command uses, and some take longer than a small folder.
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="folder of materials, zip, tar.gz or course package")
        add_output_arguments(parser)

    def handle(
        self, *, path: Path, json: Path | None, markdown: Path | None, html: Path | None, **options: Any
    ) -> None:
        if not path.exists():
            raise CommandError(f"{path} is not there.")
        console = Console(highlight=False)
        cache = ReadingCache(folder=Path(settings.VAR_DIR) / "read")
        try:
            with create_progress(console) as progress:
                task = progress.add_task("Reading", total=None)
                outline = build_folder_outline(
                    path,
                    cache=cache,
                    report_progress=lambda done, total: progress.update(task, completed=done, total=total),
                )
        except BuildFailed as exc:
            raise CommandError(str(exc)) from exc
        print_structure(console, outline.snapshot, list_left_out(outline.skipped, outline.failed))
        files = OutputFiles(json=json, markdown=markdown, html=html)
        page = outline.render_html() if html is not None else ""
        write_outputs(outline.snapshot, markdown=outline.markdown, html=page, files=files, console=console)
