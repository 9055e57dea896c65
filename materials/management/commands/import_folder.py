from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from materials.entries.intake import EntryOptions
from materials.models import ImportItem, ItemOutcome, MaterialImport
from materials.transfer.plan import HIDDEN_CODE
from materials.transfer.queries import count_import_items
from materials.transfer.services import import_folder
from materials.tree.serializers import NodeFieldsSerializer
from materials.tree.services import create_node
from project.errors import DomainError
from tenants.lookup import find_tenant
from tenants.models import Tenant

_OPTION_RULES = {
    "title": "--course is the title of the new course: 1 to 500 characters.",
    "language": "--language is a BCP 47 tag, such as en or uk.",
}


class Command(BaseCommand):
    help = (
        "Import a folder of this machine into a tenant's materials: sub-folders become nodes, files entries, as of an "
        "archive that is sent to the API. Done again after it was stopped it goes on: what is there is not doubled. "
        "Exit code 1 when no file was taken or was there already, and with --strict when any was left out."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="the tenant's slug")
        parser.add_argument("folder", type=Path, help="folder of materials")
        where = parser.add_mutually_exclusive_group(required=True)
        where.add_argument("--node", type=UUID, metavar="ID", help="below this node")
        where.add_argument("--course", metavar="TITLE", help="as a new course of this title")
        parser.add_argument("--language", default="", help="BCP 47 tag of what is said in recordings")
        parser.add_argument("--strict", action="store_true", help="fail when a file was left out that is not hidden")

    def handle(
        self,
        *,
        tenant: str,
        folder: Path,
        node: UUID | None,
        course: str | None,
        language: str,
        strict: bool,
        **options: Any,
    ) -> None:
        if not folder.is_dir():
            raise CommandError(f"{folder} is not a folder.")
        _validate_options(course, language)
        owner = find_tenant(tenant)
        console = Console(file=self.stdout, highlight=False, soft_wrap=True)  # type: ignore[arg-type]  # it writes
        try:
            if node is None:
                node = create_node(tenant=owner, title=str(course)).pk
                console.print(f"Made the course {node}. If this is stopped, go on with: --node {node}")
            batch = self._import_with_progress(owner, node, folder, language, console)
        except DomainError as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        counts = count_import_items(tenant=owner, batch=batch)
        _print_report(batch, counts, console)
        wrong = sum(number for code, number in counts["reasons"].items() if code != HIDDEN_CODE)
        if not counts["files"]["taken"] + counts["files"]["same"]:
            raise CommandError("No file was taken.")
        if strict and wrong:
            raise CommandError(f"{wrong} files were left out.")

    def _import_with_progress(
        self, tenant: Tenant, node: UUID, folder: Path, language: str, console: Console
    ) -> MaterialImport:
        columns = TextColumn("{task.description:<12}"), BarColumn(), DownloadColumn(), TimeElapsedColumn()
        with Progress(*columns, console=console) as progress:
            task = progress.add_task("Importing", total=None)
            return import_folder(
                tenant=tenant,
                node_id=node,
                folder=folder,
                options=EntryOptions(language=language),
                progress=lambda _stage, done, total: progress.update(task, completed=done, total=total),
            )


def _validate_options(course: str | None, language: str) -> None:
    # By the rules of the API, and before the course is created.
    values = {"language": language} | ({} if course is None else {"title": course})
    shape = NodeFieldsSerializer(data=values, partial=True)
    if not shape.is_valid():
        raise CommandError(" ".join(_OPTION_RULES[name] for name in shape.errors))


def _print_report(batch: MaterialImport, counts: dict[str, Any], console: Console) -> None:
    left_out = ImportItem.objects.filter(batch=batch, outcome=ItemOutcome.SKIPPED).exclude(code=HIDDEN_CODE)
    table = Table("Left out", "Why", box=None, pad_edge=False)
    for item in left_out.order_by("position").iterator():
        table.add_row(escape(item.path), escape(item.reason))
    if table.row_count:
        console.print(table)
    for warning in batch.warnings:
        console.print(f"[yellow]{escape(warning)}[/]")
    files, hidden = counts["files"], counts["reasons"].get(HIDDEN_CODE, 0)
    console.print(
        f"{counts['nodes']} nodes made. {files['taken']} files taken, {files['same']} were there, "
        f"{files['skipped'] - hidden} left out, {hidden} hidden. Report: /api/v1/imports/{batch.pk}"
    )
