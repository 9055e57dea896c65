"""What a structure says of its own evidence, beside what its authors' table of contents can tell."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from structures.quality.evaluation.courses import ScoredCourse
from structures.quality.evaluation.figures import Figures


def compute_evidence_figures(data: Mapping[str, Any]) -> Figures:
    """Return the figures of a snapshot's `grounding`; none for a structure without it.

    Those of sentences are None where no model has written any: an engine that copies is not looked up.
    """
    counts = data.get("grounding")
    if not counts:
        return {}
    sentences = counts.get("sentences") or None
    return {
        "quotes that hold": _compute_share(counts.get("verified", 0), counts.get("cited", 0)),
        "chunks cited": _compute_share(counts.get("chunks_cited", 0), counts.get("chunks_total", 0)),
        "concepts": counts.get("concepts"),
        "without evidence": counts.get("concepts_without_evidence"),
        "sentences": sentences,
        "not proved": None if sentences is None else counts.get("sentences_unproved"),
        "left out": None if sentences is None else counts.get("sentences_left_out"),
        "nodes not checked": None if sentences is None else counts.get("nodes_not_checked"),
    }


def describe_comparison(data: Mapping[str, Any], gold: ScoredCourse) -> list[str]:
    """Return sentences that say by what a structure was made, and what of it can be compared with this gold."""
    return [*_describe_origin(data), *_describe_gold(gold), *_describe_evidence(data)]


def _describe_origin(data: Mapping[str, Any]) -> Iterator[str]:
    if not data.get("engine"):
        return
    models = (data.get("provenance") or {}).get("models") or {}
    named = f", models: {', '.join(sorted(models))}" if models else ""
    yield f"Made by the engine {data['engine']} {data.get('engine_version', '')}{named}.".replace(" .", ".")
    if data.get("options", {}).get("mode") == "guided" or "outline" in data.get("options", {}):
        yield "Modules and lessons were given: titles and order are theirs, and say nothing of the engine."


def _describe_gold(gold: ScoredCourse) -> Iterator[str]:
    has = {
        "exercises": bool(gold.exercises),
        "objectives": any(lesson.objectives for lesson in gold.lessons),
        "minutes": any(lesson.minutes is not None for lesson in gold.lessons),
    }
    compared = ["titles", "order", "files", *(name for name, is_there in has.items() if is_there)]
    yield f"Compared with the gold: {', '.join(compared)}."
    if missing := [name for name, is_there in has.items() if not is_there]:
        yield f"Not compared, as the gold has none: {', '.join(missing)}."


def _describe_evidence(data: Mapping[str, Any]) -> Iterator[str]:
    counts = data.get("grounding")
    if not counts:
        yield "The structure does not say how its evidence was checked."
    elif counts.get("sentences"):
        yield (
            "Quotes, and sentences of models, were looked up in their passages when it was made. Whether they teach "
            "well no figure says."
        )
    else:
        yield "Quotes were looked up when it was made. Its sentences are those of the materials, or there are none."


def _compute_share(part: int, whole: int) -> float | None:
    return round(part / whole, 3) if whole else None
