from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from rich.console import Console

from project.client.coursewright_client import Client, ClientError
from project.local.console import print_structure
from project.local.course_build import CourseBuild, OutputFiles, add_output_arguments, list_left_out, write_outputs
from project.local.course_files import BuildFailed, open_course
from project.local.demo_tenant import issue_temporary_key
from project.local.servers import StartFailed, run_system
from project.local.snapshot_exports import add_export_arguments, write_exports


class Command(BaseCommand):
    help = (
        "Turn a folder or an archive of materials into a course structure and show it. Sub-folders become nodes, files "
        "entries; files of types that cannot be read are listed. Web server and worker run only as long as the command."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", type=Path, help="folder of materials, zip, tar.gz or course package")
        parser.add_argument(
            "--engine",
            choices=["outline", "llm", "auto"],
            default="outline",
            help="who makes the structure; llm and auto send the materials to the providers whose keys are set",
        )
        parser.add_argument(
            "--mode",
            choices=["free", "guided"],
            default="free",
            help="guided keeps the folders to the letter as modules and lessons; free lets the engine arrange files",
        )
        parser.add_argument("--strategy", default="default", help="which models: see `manage.py models`")
        add_output_arguments(parser)
        add_export_arguments(parser)

    def handle(
        self,
        *,
        path: Path,
        engine: str,
        strategy: str,
        mode: str,
        json: Path | None,
        markdown: Path | None,
        html: Path | None,
        export: Sequence[str],
        export_dir: Path,
        **options: Any,
    ) -> None:
        if not path.exists():
            raise CommandError(f"{path} is not there.")
        if export:
            _make_folder(export_dir)
        console = Console(highlight=False)
        try:
            with open_course(path) as course:
                call_command("migrate", verbosity=0, skip_checks=False)
                # Apart from the logs of `up`, which may be running.
                logs = Path(settings.VAR_DIR) / "log" / "build_course"
                with (
                    run_system(folder=logs) as running,
                    issue_temporary_key() as key,
                    Client(running.base_url, key, use_proxies=False) as client,
                ):
                    build = CourseBuild(client=client, console=console, engine=engine, strategy=strategy, mode=mode)
                    snapshot = build.run(course)
                    url = f"/snapshots/{snapshot['id']}"
                    text = client.read_text(url, accept="text/markdown")
                    page = client.read_text(f"{url}/page?download=true", accept="text/html") if html else ""
                    failures = write_exports(client, snapshot, export, folder=export_dir, console=console)
        except (BuildFailed, ClientError, StartFailed) as exc:
            raise CommandError(str(exc)) from exc
        print_structure(console, snapshot, list_left_out(build.skipped, build.failed))
        files = OutputFiles(json=json, markdown=markdown, html=html)
        write_outputs(snapshot, markdown=text, html=page, files=files, console=console)
        if failures:
            raise CommandError("\n".join(["The structure is there, but not exported as", *failures]))


def _make_folder(folder: Path) -> None:
    """Make the folder of the exports before anything is built for it. Raises CommandError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as exc:
        raise CommandError(f"{folder} cannot be made: {exc.strerror}. Name another folder: --export-dir.") from exc
