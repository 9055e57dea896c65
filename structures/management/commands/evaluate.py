from __future__ import annotations

import json as json_format
from argparse import ArgumentParser
from pathlib import Path
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from project.errors import NotFound
from structures.engines.registry import EngineName
from structures.models import StructureSnapshot
from structures.quality.evaluation.baselines import compute_baselines, list_files_below
from structures.quality.evaluation.controls import compute_controls
from structures.quality.evaluation.courses import parse_gold, parse_structure
from structures.quality.evaluation.evidence import compute_evidence_figures, describe_comparison
from structures.quality.evaluation.figures import compute_figures
from structures.quality.evaluation.table import format_figures
from structures.queries import get_snapshot, list_snapshots, load_structure_tree
from structures.serializers import SnapshotSummarySerializer, StructureNodeSerializer
from tenants.models import Tenant


class Command(BaseCommand):
    help = (
        "Print how well a structure agrees with what the authors of the course say: hierarchical F1 and other figures, "
        "which docs/quality.md explains, and how its evidence holds. The structure is a file, a stored snapshot of any "
        "engine, or the newest one of a node. No model is asked; of the database only for the last two."
    )
    requires_system_checks = ()

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("gold", type=Path, help="JSON with the modules, lessons and files of the authors")
        parser.add_argument(
            "structure",
            type=Path,
            nargs="?",
            help="what `outline --json` or `build_course --json` wrote, or a snapshot as the API shows it",
        )
        parser.add_argument("--snapshot", type=UUID, metavar="ID", help="a stored snapshot instead of a file")
        parser.add_argument("--node", type=UUID, metavar="ID", help="the newest snapshot of this node of materials")
        parser.add_argument("--tenant", metavar="SLUG", help="whose snapshot it is")
        parser.add_argument("--engine", choices=[name.value for name in EngineName], help="with --node: made by this")
        parser.add_argument("--controls", action="store_true", help="also score what must be perfect or worthless")
        parser.add_argument("--baselines", type=Path, metavar="DIR", help="also score rules on the names of its files")
        parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures")

    def handle(
        self,
        *,
        gold: Path,
        structure: Path | None,
        snapshot: UUID | None,
        node: UUID | None,
        tenant: str | None,
        engine: str | None,
        controls: bool,
        baselines: Path | None,
        json: Path | None,
        **options: Any,
    ) -> str:
        if [structure, snapshot, node].count(None) != 2:
            raise CommandError("Name one structure: a file, --snapshot ID or --node ID.")
        if engine is not None and node is None:
            raise CommandError("--engine chooses among the snapshots of a node: name it with --node ID.")
        data = _read_json(structure) if structure is not None else _read_stored(tenant, snapshot, node, engine)
        try:
            course = parse_gold(_read_json(gold))
            figures = compute_figures(course, parse_structure(data, course))
            columns = {"structure": {**figures, **compute_evidence_figures(data)}}
            notes = describe_comparison(data, course)
        except (KeyError, TypeError, AttributeError) as exc:
            raise CommandError(f"One of the files has another shape ({exc!r}). See docs/quality.md.") from exc
        if controls:
            columns |= compute_controls(course, data)
        if baselines is not None:
            columns |= compute_baselines(course, list_files_below(baselines))
        if json is not None:
            json.write_text(_format_json(columns), encoding="utf-8")
        return "\n".join([format_figures(columns), "", *notes])


def _read_stored(slug: str | None, snapshot_id: UUID | None, node_id: UUID | None, engine: str | None) -> Any:
    """Return a stored snapshot as the API shows it, but for what has happened to its materials since."""
    tenant = Tenant.objects.filter(slug=slug or "").first()
    if tenant is None:
        raise CommandError(f"There is no tenant {slug!r}. Name it with --tenant; `manage.py list_tenants` lists all.")
    try:
        snapshot = _find_snapshot(tenant, snapshot_id, node_id, engine)
    except NotFound as exc:
        raise CommandError(f"{exc} The tenant {slug} has no such id.") from exc
    shape = StructureNodeSerializer()
    children = [shape.to_representation(each) for each in load_structure_tree(snapshot)]
    return {**SnapshotSummarySerializer(snapshot).data, "children": children}


def _find_snapshot(
    tenant: Tenant, snapshot_id: UUID | None, node_id: UUID | None, engine: str | None
) -> StructureSnapshot:
    if snapshot_id is not None:
        return get_snapshot(tenant=tenant, snapshot_id=snapshot_id)
    assert node_id is not None
    made = list_snapshots(tenant=tenant, node_id=node_id)
    snapshot = (made if engine is None else made.filter(engine=engine)).first()
    if snapshot is None:
        by = f" by the engine {engine}" if engine else ""
        raise CommandError(f"Nothing was generated of this node{by} yet.")
    return snapshot


def _read_json(path: Path) -> Any:
    try:
        return json_format.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise CommandError(f"{path} cannot be read: {exc.strerror}.") from exc
    except ValueError as exc:
        raise CommandError(f"{path} is no JSON: {exc}.") from exc


def _format_json(columns: Any) -> str:
    return json_format.dumps(columns, ensure_ascii=False, indent=1) + "\n"
