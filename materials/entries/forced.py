"""The outcomes that file names force in sandboxes when a file is sent or announced."""

from __future__ import annotations

from materials.documents import Format
from materials.forced_outcomes import OutcomeEffect, OutcomeStage, find_outcome
from materials.readers.format_problem import FormatProblem
from materials.readers.formats import find_format_by_name
from tenants.models import Tenant


def force_upload_outcome(tenant: Tenant, name: str) -> None:
    """Raise the error that a file's name asks for in a sandbox; nothing elsewhere."""
    outcome = find_outcome(name, OutcomeStage.UPLOAD) if tenant.is_sandbox else None
    if outcome is not None:
        outcome.raise_error()


def find_forced_format(tenant: Tenant, name: str) -> Format | None:
    """Return the format that a file counts as in a sandbox because its name forces its ingestion to fail, else None.

    By its extension alone: nobody should need a recording to see how one fails.
    """
    outcome = find_outcome(name, OutcomeStage.INGESTION) if tenant.is_sandbox else None
    if outcome is None or outcome.effect is not OutcomeEffect.FAILED:
        return None
    try:
        return find_format_by_name(name) or Format.PLAIN
    except FormatProblem:  # an extension that is not read: the name says what should happen instead
        return Format.PLAIN
