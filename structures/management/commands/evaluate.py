from __future__ import annotations

import json as json_format
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from structures.quality.evaluation.baselines import compute_baselines, list_files_below
from structures.quality.evaluation.controls import compute_controls
from structures.quality.evaluation.courses import parse_gold, parse_structure
from structures.quality.evaluation.figures import compute_figures
from structures.quality.evaluation.table import format_figures


class Command(BaseCommand):
    help = (
        "Print how well a structure agrees with what the authors of the course say: hierarchical F1 and other figures, "
        "which docs/quality.md explains. Nothing is asked of the database."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("gold", type=Path, help="JSON with the modules, lessons and files of the authors")
        parser.add_argument("structure", type=Path, help="what `outline --json` or `build_course --json` wrote")
        parser.add_argument("--controls", action="store_true", help="also score what must be perfect or worthless")
        parser.add_argument("--baselines", type=Path, metavar="DIR", help="also score rules on the names of its files")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")

    def handle(
        self,
        *,
        gold: Path,
        structure: Path,
        controls: bool,
        baselines: Path | None,
        json: Path | None,
        **options: Any,
    ) -> str:
        data = _read_json(structure)
        try:
            course = parse_gold(_read_json(gold))
            columns = {"structure": compute_figures(course, parse_structure(data, course))}
        except (KeyError, TypeError, AttributeError) as exc:
            raise CommandError(f"One of the files has another shape ({exc!r}). See docs/quality.md.") from exc
        if controls:
            columns |= compute_controls(course, data)
        if baselines is not None:
            columns |= compute_baselines(course, list_files_below(baselines))
        if json is not None:
            json.write_text(_format_json(columns), encoding="utf-8")
        return format_figures(columns)


def _read_json(path: Path) -> Any:
    try:
        return json_format.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror}.") from exc
    except ValueError as exc:
        raise CommandError(f"{path} is no JSON: {exc}.") from exc


def _format_json(columns: Any) -> str:
    return json_format.dumps(columns, ensure_ascii=False, indent=1) + "\n"
