"""Full text search of the chunks below a node, in the languages that they are written in.

PostgreSQL stems the words of some thirty languages. For others, Ukrainian and Polish among them, it compares whole
words; there the endings of the query's words are cut off and the words matched as prefixes. Scripts without spaces
between words are searched by substring.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank
from django.db import connection
from django.db.models import Case, Expression, F, FloatField, IntegerField, Q, QuerySet, TextField, Value, When
from django.db.models.expressions import RawSQL
from django.db.models.functions import Cast, Coalesce, Greatest, Least, Replace, Round, StrIndex, Substr

from materials.languages import ANY_LANGUAGE, get_search_configuration
from materials.models import Chunk
from materials.models.chunks import CHUNK_SEARCH_VECTOR, SearchConfigurationField

# For scripts without spaces; others have up to two fragments of 8 to 30 words. Two lines of a list of results.
SNIPPET_CHARACTERS = 200
# How much of a snippet stands before the first match, so that it is seen in its sentence.
_SNIPPET_LEAD = 40
# Private-use characters: the text is escaped as HTML after PostgreSQL has marked it, which would escape tags as well.
_MARK_START, _MARK_END = "\ue000", "\ue001"
# PostgreSQL's normalization 1: ranks are divided by 1 + the logarithm of the length. Without it long chunks always win.
_DIVIDE_BY_LOG_LENGTH = 1
# Ranks are small fractions; six digits keep them apart, and an integer can be part of a page's cursor.
_SCORE_SCALE = 1_000_000.0
# By its authors' measurements, the best of the values they tried; it keeps the first few ranks from deciding alone.
_FUSION_CONSTANT = 60
# For the prefixes of languages without a stemmer: a third of a word is cut off, at most three letters, the longest
# endings that are common in Slavic languages, and three letters stay.
_MIN_PREFIX_LENGTH, _MAX_ENDING_LENGTH = 3, 3
_LEXEME = re.compile(r"'((?:[^']|'')+)'")
# Thai, Lao, Khmer, Japanese and Chinese: PostgreSQL's parser takes a whole sentence for one word. Korean has spaces.
_UNSPACED = re.compile("[\u0e00-\u0eff\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]")
_TERM = re.compile(r'(-?)(?:"([^"]*)"?|([^\s"]+))')
# What each configuration makes of each alternative. `querytree` returns `T` or nothing for a query of which no word can
# be looked up in an index: it consists of stop words or of excluded words.
_PARSE_SQL = """
    SELECT name, string_agg('(' || query::text || ')', ' | ')
    FROM (
        SELECT name, websearch_to_tsquery(name::regconfig, typed) AS query
        FROM unnest(%s::text[]) AS name, unnest(%s::text[]) AS typed
    ) AS parsed
    WHERE querytree(query) NOT IN ('', 'T')
    GROUP BY name
"""
# A source may contain the private-use characters, too; they would be taken for marks.
_PLAIN_TEXT: Expression = Replace(Replace(F("text"), Value(_MARK_START)), Value(_MARK_END))


class _ParsedSearchQuery(SearchQuery):
    """A query in the text form of `tsquery`, parsed already: it is cast, not parsed again."""

    template = "%(expressions)s::tsquery"


@dataclass(frozen=True, kw_only=True)
class _SearchTerm:
    """A word or a phrase that a text must have, or must not have (`is_wanted` is False)."""

    text: str
    is_wanted: bool
    is_phrase: bool

    def __str__(self) -> str:
        return ("" if self.is_wanted else "-") + (f'"{self.text}"' if self.is_phrase else self.text)


@dataclass(frozen=True, kw_only=True)
class ChunkSearch:
    """A search: the words as they were typed, and the parsed query for each configuration that has one."""

    words: str
    queries: dict[str, Expression]


def asks_for_exact_matches(words: str) -> bool:
    """Tell whether a query has a phrase or says what must not occur. `or` stands in people's questions, too."""
    return any(term.is_phrase or not term.is_wanted for terms in _parse_alternatives(words) for term in terms)


def build_search(words: str, *, languages: Iterable[str]) -> ChunkSearch:
    """Return the search for `words` in texts of these languages. All words must occur; "a phrase" in quotes, `or`, and
    `-without` are understood. One statement.
    """
    configurations = {get_search_configuration(language) for language in languages} | {ANY_LANGUAGE}
    return ChunkSearch(words=words, queries=_build_queries(configurations, words))


def order_by_words(chunks: QuerySet[Chunk], search: ChunkSearch) -> QuerySet[Chunk]:
    """Keep the chunks that match, best first, with `score`, `snippet_source`, `is_found_by_words` and `entry`."""
    return _annotate_results(
        chunks.alias(indexed=CHUNK_SEARCH_VECTOR).filter(_build_match_condition(search)),
        search,
        score=_build_score(search),
        is_found_by_words=Value(True),
    )


def order_by_rank(chunks: QuerySet[Chunk], search: ChunkSearch, rankings: Sequence[Sequence[UUID]]) -> QuerySet[Chunk]:
    """Keep the chunks that match and those of the rankings (ids, best first); otherwise like `order_by_words`.

    Those of the rankings come first, by reciprocal rank fusion; what matches and is in none of them follows.
    """
    scores = fuse_rankings(rankings)
    fused = RawSQL(
        "(%s::int[])[array_position(%s::uuid[], materials_chunk.id)]",
        [list(scores.values()), list(scores)],
        output_field=IntegerField(),
    )
    matches = _build_match_condition(search)
    # Below the lowest score of a ranking of a thousand (943).
    rest = Least(_build_score(search) / 2000, Value(500))
    return _annotate_results(
        chunks.alias(indexed=CHUNK_SEARCH_VECTOR).filter(matches | Q(pk__in=list(scores))),
        search,
        score=Coalesce(fused, rest),
        is_found_by_words=Case(When(matches, then=Value(True)), default=Value(False)),
    )


def fuse_rankings(rankings: Sequence[Sequence[UUID]]) -> dict[UUID, int]:
    """Return a score for each id: the sum over the rankings of the reciprocal of its rank (Cormack et al., 2009)."""
    sums: dict[UUID, float] = {}
    for ranking in rankings:
        for rank, chunk_id in enumerate(ranking, start=1):
            sums[chunk_id] = sums.get(chunk_id, 0.0) + _SCORE_SCALE / (_FUSION_CONSTANT + rank)
    return {chunk_id: round(total) for chunk_id, total in sums.items()}


def _annotate_results(
    rows: QuerySet[Chunk], search: ChunkSearch, *, score: Expression, is_found_by_words: Expression
) -> QuerySet[Chunk]:
    return (
        rows.annotate(score=score, snippet_source=_build_snippet(search), is_found_by_words=is_found_by_words)
        .select_related("entry")
        .defer("text", "emphasised", "word_boxes")
        .order_by("-score", "id")
    )


def render_snippet(chunk: Chunk) -> str:
    """Return a found chunk's text around the words as HTML: escaped, with matches between `<mark>` and `</mark>`."""
    text: str = chunk.snippet_source  # type: ignore[attr-defined]  # an annotation of `order_by_words`
    return html.escape(text, quote=False).replace(_MARK_START, "<mark>").replace(_MARK_END, "</mark>")


def _build_queries(configurations: Iterable[str], words: str) -> dict[str, Expression]:
    """Return the parsed query for each configuration for which words are left.

    PostgreSQL drops stop words (the, while). An alternative of which only excluded words are left would match nearly
    all texts, so it is dropped as well.
    """
    typed = [" ".join(map(str, terms)) for terms in _parse_alternatives(words)]
    with connection.cursor() as cursor:
        cursor.execute(_PARSE_SQL, [sorted(configurations), typed])
        parsed: dict[str, str] = dict(cursor.fetchall())
    if ANY_LANGUAGE in parsed:
        parsed[ANY_LANGUAGE] = _LEXEME.sub(_build_prefix_lexeme, parsed[ANY_LANGUAGE])
    return {name: _ParsedSearchQuery(query) for name, query in parsed.items()}


def _build_prefix_lexeme(lexeme: re.Match[str]) -> str:
    """Return a lexeme without the end that inflection changes, as a prefix; names with digits or dots stay whole."""
    word = lexeme[1]
    if word.isalpha() and len(word) > _MIN_PREFIX_LENGTH:
        word = word[: max(_MIN_PREFIX_LENGTH, len(word) - min(_MAX_ENDING_LENGTH, len(word) // 3))]
    return f"'{word}':*"


def _build_match_condition(search: ChunkSearch) -> Q:
    found = Q()
    if _UNSPACED.search(search.words):
        for terms in _parse_alternatives(search.words):
            together = Q()
            for term in terms:
                together &= Q(text__icontains=term.text) if term.is_wanted else ~Q(text__icontains=term.text)
            found |= together
    else:
        for name, query in search.queries.items():
            found |= Q(search_configuration=_cast_configuration(name), indexed=query)
    return found or Q(pk__in=[])


def _parse_alternatives(words: str) -> list[list[_SearchTerm]]:
    """Return the alternatives of a query, which `or` separates, each as its terms. Those without a wanted term go."""
    found: list[list[_SearchTerm]] = [[]]
    for sign, phrase, word in _TERM.findall(words):
        if word.lower() == "or" and not sign:
            found.append([])
        elif text := (phrase or word.lstrip("-")).strip():
            found[-1].append(_SearchTerm(text=text, is_wanted=not sign, is_phrase=bool(phrase)))
    return [terms for terms in found if any(term.is_wanted for term in terms)]


def _build_score(search: ChunkSearch) -> Expression:
    """Return the rank as an integer, by which results can be paged."""
    rank = SearchRank(
        CHUNK_SEARCH_VECTOR, _select_query(search), normalization=_DIVIDE_BY_LOG_LENGTH, cover_density=True
    )
    return Cast(Round(Cast(rank, FloatField()) * Value(_SCORE_SCALE)), IntegerField())


def _build_snippet(search: ChunkSearch) -> Expression:
    if _UNSPACED.search(search.words):
        return _build_unspaced_snippet(search.words)
    return Case(
        *(
            When(
                search_configuration=_cast_configuration(name),
                indexed=query,
                then=SearchHeadline(
                    _PLAIN_TEXT,
                    query,
                    config=name,
                    start_sel=_MARK_START,
                    stop_sel=_MARK_END,
                    max_fragments=2,
                    min_words=8,
                    max_words=30,
                    fragment_delimiter=" … ",
                ),
            )
            for name, query in search.queries.items()
        ),
        # Found by meaning alone: the text's beginning.
        default=Substr(_PLAIN_TEXT, 1, SNIPPET_CHARACTERS),
        output_field=TextField(),
    )


def _build_unspaced_snippet(words: str) -> Expression:
    """Return the text around the first of the terms, with all marked; a term that is part of another is left out."""
    terms = list(dict.fromkeys(term.text for all_ in _parse_alternatives(words) for term in all_ if term.is_wanted))
    terms = [term for term in terms if not any(term in other for other in terms if other != term)]
    at = Greatest(StrIndex(_PLAIN_TEXT, Value(next(iter(terms), ""))) - _SNIPPET_LEAD, 1)
    around: Expression = Substr(_PLAIN_TEXT, at, SNIPPET_CHARACTERS)
    for term in terms:
        around = Replace(around, Value(term), Value(f"{_MARK_START}{term}{_MARK_END}"))
    return around


def _cast_configuration(configuration: str) -> Expression:
    return Cast(Value(configuration), SearchConfigurationField())


def _select_query(search: ChunkSearch) -> Expression:
    cases = (When(search_configuration=_cast_configuration(name), then=query) for name, query in search.queries.items())
    return Case(*cases, default=_ParsedSearchQuery(""))
