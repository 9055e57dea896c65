"""Exports of a snapshot over the API, written into a folder."""

from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from django.template.defaultfilters import filesizeformat
from rich.console import Console
from rich.markup import escape

from project.client.coursewright_client import ApiProblem, Client, WorkFailed
from project.client.coursewright_client.types import ExportJson
from project.counts import format_count
from structures.exports.registry import EXPORT_FORMATS


def add_export_arguments(parser: ArgumentParser) -> None:
    """Add the options that name formats, and the folder for their files."""
    parser.add_argument(
        "--export",
        type=_parse_formats,
        default=(),
        metavar="FORMATS",
        help=f"export the structure in these formats, with commas between them: {', '.join(EXPORT_FORMATS)}",
    )
    parser.add_argument(
        "--export-dir",
        type=Path,
        default=Path(),
        metavar="FOLDER",
        help="where the exported files are written: by default the current folder",
    )


def write_exports(
    client: Client, snapshot: dict[str, Any], formats: Sequence[str], *, folder: Path, console: Console
) -> list[str]:
    """Export a snapshot, write the files, and print of each what a validator said; return what failed in sentences.

    `folder` is there. The formats are made at the same time, as far as there are workers.
    """
    failures = []
    exports = {}
    for name in formats:
        try:
            exports[name] = client.request_export(snapshot["id"], name)
        except ApiProblem as exc:
            failures.append(f"{name}: {exc}")
    endings = Counter(EXPORT_FORMATS[name].extension for name in exports)
    for name, export_id in exports.items():
        try:
            export = client.wait_for_export(export_id)
        except WorkFailed as exc:
            failures.append(f"{name}: {exc}")
            continue
        assert export["file"] is not None
        file = folder / _build_name(export["file"]["name"], name, is_alone=endings[EXPORT_FORMATS[name].extension] == 1)
        client.download_export(export_id, file)
        console.print("\n".join(_describe_export(export, file)), soft_wrap=True)
    return failures


def _parse_formats(text: str) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(filter(None, (name.strip() for name in text.split(",")))))
    if unknown := [name for name in names if name not in EXPORT_FORMATS]:
        known = ", ".join(EXPORT_FORMATS)
        raise ArgumentTypeError(f"there is no format {unknown[0]!r}; there are: {known}")
    return names


def _build_name(name: str, format_name: str, *, is_alone: bool) -> str:
    """Return the name of a file: the course's title, and the format where others end alike."""
    ending = EXPORT_FORMATS[format_name].extension
    return name if is_alone else f"{name.removesuffix(ending)}.{format_name}{ending}"


def _describe_export(export: ExportJson, file: Path) -> Iterable[str]:
    checked, losses = export["validation"], export["losses"]["total"]
    assert checked is not None
    verdict = {0: "no fault", None: "not checked"}.get(checked["exit"], f"[yellow]exit {checked['exit']}[/]")
    yield (
        f"Written: {escape(str(file))} ({filesizeformat(file.stat().st_size)}), {checked['validator']} "
        f"{checked['version']}: {verdict}, {format_count(losses, 'loss', 'losses')}"
    )
    if checked["exit"] != 0:
        yield from (f"  [yellow]{escape(message)}[/]" for message in checked["messages"])
