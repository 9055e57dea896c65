"""A second model as a judge: it is asked which statements of a lesson the chunks behind them do not prove.

A question holds the chunks that the statements of a lesson cite, each once, and the statements themselves, both
numbered. The judge names statements by their numbers and the words that it doubts: it writes nothing of the course.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from uuid import UUID

from llm.messages import ContextCapacity, estimate_text_tokens
from project.counts import format_count
from structures.engines.base.llm_client import LLMClient, TooLargeForModel
from structures.engines.base.sources import SourceChunk
from structures.engines.llm.answers import JudgementAnswer
from structures.engines.llm.draft_builder import clean_text
from structures.engines.llm.failures import describe_failure
from structures.engines.llm.lessons import MAX_HALVINGS
from structures.engines.llm.numbering import dump_visible_line

JUDGING_ACTION = "judge_statements"
# For prompt and schema beside chunks and statements: `estimate_text_tokens` of them is 900. The rest is for models that
# are given the schema in words.
OVERHEAD_TOKENS = 1_500
# For plans, which tell what is usual: the same in tokens as vendors count them, and how long an answer is. The latter
# is assumed, not measured: few statements are doubted.
EXPECTED_OVERHEAD_TOKENS, EXPECTED_ANSWER_TOKENS = 600, 500


@dataclass(frozen=True, kw_only=True)
class Statement:
    """A sentence that a model wrote, and the chunks that should prove it."""

    text: str
    chunks: tuple[UUID, ...]


@dataclass(frozen=True, kw_only=True)
class Judgements:
    """What a judge said: the doubted words of statements, and which statements it has judged.

    `failures` are the reasons why questions had no answer, each once. `warnings` say what was not judged, and what of
    the answers could not be used.
    """

    doubts: Mapping[Statement, tuple[str, ...]] = field(default_factory=dict)
    judged: frozenset[Statement] = frozenset()
    failures: tuple[Mapping[str, str], ...] = ()
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class _Question:
    """Statements that are asked about together, and the lines of the chunks behind them."""

    statements: tuple[Statement, ...]
    chunk_numbers: Mapping[UUID, int]
    chunk_lines: tuple[str, ...]

    def build_values(self) -> dict[str, object]:
        lines = [
            dump_visible_line(
                {"statement": number, "chunks": [self.chunk_numbers[each] for each in one.chunks], "text": one.text}
            )
            for number, one in enumerate(self.statements, start=1)
        ]
        return {"chunks": "\n".join(self.chunk_lines), "statements": "\n".join(lines)}


@dataclass(frozen=True, kw_only=True)
class _Verdict:
    """What was said of statements: those that were judged, the doubts, and how many doubts name no statement."""

    judged: tuple[Statement, ...] = ()
    doubts: tuple[tuple[Statement, str], ...] = ()
    stray_count: int = 0

    def join(self, other: _Verdict) -> _Verdict:
        return _Verdict(
            judged=self.judged + other.judged,
            doubts=self.doubts + other.doubts,
            stray_count=self.stray_count + other.stray_count,
        )


def judge_statements(
    lessons: Sequence[Sequence[Statement]],
    chunks: Mapping[UUID, SourceChunk],
    llm: LLMClient,
    *,
    keeps_partial: bool = False,
) -> Judgements:
    """Return what a model says of the statements of each lesson.

    What does not fit into one question is asked in several. A statement whose chunks do not fit by themselves is not
    judged. Nor are, with `keeps_partial`, those of a question that no model can answer, and `failures` say why. Raises
    what the LLM client raises, but for TooLargeForModel.
    """
    limit = compute_statement_limit(llm.get_capacity(JUDGING_ACTION))
    questions = [
        _build_question(part, chunks) for lesson in lessons for part in _cut_statements(lesson, chunks, limit=limit)
    ]
    outcomes = llm.run_tasks([partial(_ask, question, chunks, llm) for question in questions])
    verdicts: list[_Verdict] = []
    failures: dict[str, Mapping[str, str]] = {}
    for outcome in outcomes:
        failure = describe_failure(outcome.error) if keeps_partial and outcome.error is not None else None
        if failure is None:
            verdicts.append(outcome.get_value())
        else:
            failures[failure["message"]] = failure
    doubts: dict[Statement, tuple[str, ...]] = {}
    for statement, words in (doubt for verdict in verdicts for doubt in verdict.doubts):
        doubts[statement] = (*doubts.get(statement, ()), words)
    judged = frozenset(statement for verdict in verdicts for statement in verdict.judged)
    stray_count = sum(verdict.stray_count for verdict in verdicts)
    return Judgements(
        doubts=doubts,
        judged=judged,
        failures=tuple(failures.values()),
        warnings=tuple(_build_warnings(lessons, judged, stray_count)),
    )


def _build_warnings(
    lessons: Sequence[Sequence[Statement]], judged: Container[Statement], stray_count: int
) -> Iterator[str]:
    if stray_count:
        yield f"{format_count(stray_count, 'doubt')} of the judging model named no statement."
    if left := sum(statement not in judged for lesson in lessons for statement in lesson):
        sentences = format_count(left, "sentence")
        yield f"No model judged {sentences}: their passages are too long, or no model could answer."


def compute_statement_limit(capacity: ContextCapacity) -> int:
    """Return how many tokens of chunks and statements one question may have."""
    return max(0, capacity.input_tokens - OVERHEAD_TOKENS)


def _cut_statements(
    statements: Sequence[Statement], chunks: Mapping[UUID, SourceChunk], *, limit: int
) -> list[list[Statement]]:
    """Return runs of statements that fit into one question each, with the chunks behind them."""
    runs: list[list[Statement]] = []
    present: set[UUID] = set()
    size = 0
    for statement in dict.fromkeys(statements):
        own = estimate_text_tokens(statement.text)
        alone = own + sum(estimate_text_tokens(chunks[each].text) for each in statement.chunks)
        if alone > limit:
            continue
        added = own + sum(estimate_text_tokens(chunks[each].text) for each in statement.chunks if each not in present)
        if not runs or size + added > limit:
            runs.append([])
            present, size, added = set(), 0, alone
        runs[-1].append(statement)
        present.update(statement.chunks)
        size += added
    return runs


def _build_question(statements: Sequence[Statement], chunks: Mapping[UUID, SourceChunk]) -> _Question:
    cited = list(dict.fromkeys(each for statement in statements for each in statement.chunks))
    return _Question(
        statements=tuple(statements),
        chunk_numbers={chunk_id: number for number, chunk_id in enumerate(cited, start=1)},
        chunk_lines=tuple(
            dump_visible_line({"chunk": number, "text": chunks[chunk_id].text})
            for number, chunk_id in enumerate(cited, start=1)
        ),
    )


def _ask(
    question: _Question, chunks: Mapping[UUID, SourceChunk], llm: LLMClient, *, halvings: int = MAX_HALVINGS
) -> _Verdict:
    """Return what is said of the statements; nothing of those that are too much for a model even in small parts."""
    try:
        answer = llm.complete(JUDGING_ACTION, question.build_values(), JudgementAnswer)
    except TooLargeForModel as exc:
        if len(question.statements) > 1 and halvings:
            middle = len(question.statements) // 2
            first, second = (
                _ask(_build_question(half, chunks), chunks, llm, halvings=halvings - 1)
                for half in (question.statements[:middle], question.statements[middle:])
            )
            return first.join(second)
        if describe_failure(exc) is None:
            # No model was asked at all: it is not this question that none can answer.
            raise exc.reason from exc
        return _Verdict()
    found = tuple(
        (question.statements[doubt.statement - 1], clean_text(doubt.words))
        for doubt in answer.doubts
        if 1 <= doubt.statement <= len(question.statements)
    )
    return _Verdict(judged=question.statements, doubts=found, stray_count=len(answer.doubts) - len(found))
