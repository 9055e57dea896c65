"""The quality report in sentences, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

# So many paths say which kind of file it is; a course may have thousands.
_MAX_NAMED = 20

Report = Mapping[str, Mapping[str, int]]


def describe_quality(report: Report) -> list[str]:
    """Return the report, as `QualityReport.build_json` gives it, in short sentences; none for an empty one."""
    return list(_iter_sentences(report)) if report else []


def build_quality_warnings(report: Report, unused: Sequence[str]) -> list[str]:
    """Return warnings, with numbers, of lessons without content and of the sources that gave nothing (their paths)."""
    lessons, total = report["lessons"], report["entries"]["total"]
    empty = lessons["nothing_found"] + lessons["without_text"]
    warnings = [_describe_empty_lessons(lessons, empty)] if empty else []
    if unused:
        named = "; ".join(unused[:_MAX_NAMED])
        more = f"; and {len(unused) - _MAX_NAMED} more" if len(unused) > _MAX_NAMED else ""
        warnings.append(f"Nothing of {len(unused)} of {total} sources is in the structure: {named}{more}.")
    return warnings


def _describe_empty_lessons(lessons: Mapping[str, int], empty: int) -> str:
    return (
        f"{empty} of {lessons['total']} lessons have neither concepts nor exercises; the sources of "
        f"{lessons['without_text']} hold no text."
    )


def _iter_sentences(report: Report) -> Iterator[str]:
    references, lessons = report["references"], report["lessons"]
    yield f"{references['verified']} of {references['cited']} quotes stand where they are said to."
    empty = lessons["nothing_found"] + lessons["without_text"]
    if empty:
        yield _describe_empty_lessons(lessons, empty)
    shares = [
        f"{report[name]['in_lessons']} of {report[name]['total']} {name}"
        for name in ("entries", "chunks", "pages", "minutes")
        if report[name]["total"]
    ]
    if shares:
        yield f"In lessons: {', '.join(shares)}."
    concepts, exercises, duplicates = report["concepts"], report["exercises"], report["duplicates"]
    if concepts["total"]:
        yield f"{concepts['without_definition']} of {concepts['total']} concepts have no definition."
    if exercises["total"]:
        yield f"{exercises['without_solution']} of {exercises['total']} exercises have no solution."
    if any(duplicates.values()):
        yield (
            f"Twice: {duplicates['sibling_titles']} titles beside one another, {duplicates['concepts']} concepts, "
            f"{duplicates['exercises']} exercises."
        )
    order, stated = report["order"], report["stated"]
    if any(order.values()):
        yield (
            f"Order of lessons: {order['prerequisites']} prerequisites between them, "
            f"{order['used_before_definition']} uses of a term before its definition, "
            f"{order['mutual_uses']} pairs that use terms of each other."
        )
    if lessons["total"]:
        yield (
            f"Minutes of lessons: {stated['minutes_stated']} stated, {stated['minutes_computed']} computed, "
            f"{stated['minutes_estimated']} estimated by a model, {stated['minutes_missing']} unknown. "
            f"{stated['goals']} of {lessons['total']} lessons have goals."
        )
