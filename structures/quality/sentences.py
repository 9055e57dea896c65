"""The quality report in sentences, for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from project.counts import choose_verb, format_count, format_share

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
        warnings.append(f"Nothing of {format_share(len(unused), total, 'source')} is in the structure: {named}{more}.")
    return warnings


def _describe_empty_lessons(lessons: Mapping[str, int], empty: int) -> str:
    having = _describe_having(empty, lessons["total"], "lesson", "neither concepts nor exercises").removesuffix(".")
    return f"{having}; the sources of {lessons['without_text']:,} hold no text."


def _iter_sentences(report: Report) -> Iterator[str]:
    references, lessons = report["references"], report["lessons"]
    verified, cited = references["verified"], references["cited"]
    stand = choose_verb("stands where it is", "stand where they are", part=verified, total=cited)
    yield f"{format_share(verified, cited, 'quote')} {stand} said to."
    empty = lessons["nothing_found"] + lessons["without_text"]
    if empty:
        yield _describe_empty_lessons(lessons, empty)
    shares = [
        format_share(report[name]["in_lessons"], report[name]["total"], noun, name)
        for noun, name in (("entry", "entries"), ("chunk", "chunks"), ("page", "pages"), ("minute", "minutes"))
        if report[name]["total"]
    ]
    if shares:
        yield f"In lessons: {', '.join(shares)}."
    concepts, exercises, duplicates = report["concepts"], report["exercises"], report["duplicates"]
    if concepts["total"]:
        yield _describe_having(concepts["without_definition"], concepts["total"], "concept", "no definition")
    if exercises["total"]:
        yield _describe_having(exercises["without_solution"], exercises["total"], "exercise", "no solution")
    if any(duplicates.values()):
        yield (
            f"Twice: {format_count(duplicates['sibling_titles'], 'title')} beside one another, "
            f"{format_count(duplicates['concepts'], 'concept')}, {format_count(duplicates['exercises'], 'exercise')}."
        )
    order, stated = report["order"], report["stated"]
    if any(order.values()):
        use = choose_verb("uses", "use", part=order["mutual_uses"])
        yield (
            f"Order of lessons: {format_count(order['prerequisites'], 'prerequisite')} between them, "
            f"{format_count(order['used_before_definition'], 'use')} of a term before its definition, "
            f"{format_count(order['mutual_uses'], 'pair')} that {use} terms of each other."
        )
    if lessons["total"]:
        yield (
            f"Minutes of lessons: {stated['minutes_stated']} stated, {stated['minutes_computed']} computed, "
            f"{stated['minutes_estimated']} estimated by a model, {stated['minutes_missing']} unknown. "
            f"{_describe_having(stated['goals'], lessons['total'], 'lesson', 'goals')}"
        )


def _describe_having(part: int, total: int, noun: str, what: str) -> str:
    return f"{format_share(part, total, noun)} {choose_verb('has', 'have', part=part, total=total)} {what}."
