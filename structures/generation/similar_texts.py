"""Which of many short texts may mean the same: nearest neighbours among the vectors of a model, compared exactly."""

from __future__ import annotations

import hashlib
import json
import math
from array import array
from collections import defaultdict
from collections.abc import Hashable, Sequence

from django.db import connection, transaction

from llm.embeddings import EMBED_TEXTS, split_batches
from llm.messages import EmbeddingPurpose
from llm.router.factory import get_model_router
from llm.router.router import VectorSpace
from materials.languages import detect_language
from project.jobs.run import JobRun
from structures.engines.base.llm_client import SimilarTexts
from structures.engines.llm.scripts import find_main_script

# How far above the usual similarity of two texts a pair must be, in standard deviations. A fixed similarity would not
# do: unrelated texts have 0.1 with some models and 0.8 with others. Generous, since a model confirms each pair.
MIN_DEVIATIONS = 3.0
# Vectors of one language lie nearer to each other than those of one meaning in two: so the mean of each language is
# taken away from its vectors. Of fewer texts it would be their meaning; the mean of all is taken from those.
_MIN_LANGUAGE_TEXTS = 5
# Of so many texts, evenly spread, the similarities to all others say what is usual.
_SAMPLE_SIZE = 100
# To be changed with every edit after which the same texts may give other pairs.
_VERSION = 1

_CREATE_SQL = "CREATE TEMPORARY TABLE compared_text (n integer, part integer, v vector) ON COMMIT DROP"
# Inside the row: vectors outside of it would be fetched for each of the comparisons.
_STORAGE_SQL = "ALTER TABLE compared_text ALTER COLUMN v SET STORAGE MAIN"
_COPY_SQL = "COPY compared_text (n, part, v) FROM STDIN"
# Of vectors of length 1 `<#>` is the negative of the cosine.
_USUAL_SQL = """
    SELECT count(*), avg(-(a.v <#> b.v)), stddev_samp(-(a.v <#> b.v))
    FROM compared_text a JOIN compared_text b ON b.part <> a.part
    WHERE a.n %% %(step)s = 0
"""
# Of each text the nearest earlier one in another part. Similarity and place as one number, so that the largest of it
# is kept as the pairs pass by: to sort the pairs of each text takes ten times as long.
_NEAREST_SQL = """
    WITH nearest AS (
        SELECT a.n, max(trunc((1 - (a.v <#> b.v)) * 1e7) * 1e6 + b.n)::bigint AS packed
        FROM compared_text a JOIN compared_text b ON b.n < a.n AND b.part <> a.part
        GROUP BY a.n
    ), pair AS (
        SELECT (packed %% 1000000)::integer AS first, n AS second, packed / 1000000 / 1e7 - 1 AS similarity FROM nearest
    )
    SELECT first, second, count(*) OVER () FROM pair
    WHERE similarity >= %(least)s ORDER BY similarity DESC, first, second LIMIT %(limit)s
"""
# Vectors of ten thousand texts in memory: otherwise they are read from a file for each of the texts.
_MEMORY_SQL = "SET LOCAL work_mem = '128MB'"


def compute_comparison_digest(space: VectorSpace, texts: Sequence[str], parts: Sequence[int], *, limit: int) -> str:
    """Return the key of the result of a comparison: the digest of everything that it depends on."""
    compared = ["find_similar_texts", _VERSION, space.key, limit, list(texts), list(parts)]
    return hashlib.sha256(json.dumps(compared).encode()).hexdigest()


def compare_texts(
    run: JobRun, space: VectorSpace, texts: Sequence[str], parts: Sequence[int], *, limit: int
) -> SimilarTexts:
    """Return the pairs of texts of different parts that are much nearer than usual, the nearest first.

    Each text is paired with the nearest earlier one of another part. A constant number of statements beside those of
    the requests; the time grows with the square of the number of texts. Raises what the router raises.
    """
    vectors: list[array[float]] = []
    for batch in split_batches(texts, space):
        run.report_progress("comparing", len(vectors), len(texts))
        made = get_model_router(run.tenant).embed_texts(
            EMBED_TEXTS,
            batch,
            purpose=EmbeddingPurpose.DOCUMENT,
            space=space,
            tenant=run.tenant,
            job=run.job,
            checkpoint=run.checkpoint,
        )
        # Four bytes a number: ten thousand vectors as lists would be hundreds of megabytes.
        vectors += [array("f", vector) for vector in made.vectors]
    centred = center_by_language(vectors, _find_languages(texts, parts))
    return find_nearest_pairs(centred, parts, limit=limit)


def _find_languages(texts: Sequence[str], parts: Sequence[int]) -> list[str]:
    """Return the language of each text's part, or its script where the language is not clear."""
    by_part: dict[int, list[str]] = defaultdict(list)
    for text, part in zip(texts, parts, strict=True):
        by_part[part].append(text)
    languages = {part: detect_language(some) or find_main_script(some) for part, some in by_part.items()}
    return [languages[part] for part in parts]


def center_by_language(vectors: Sequence[array[float]], languages: Sequence[Hashable]) -> list[array[float]]:
    """Return the vectors without what those of their language have in common, and of length 1 again."""
    places: dict[Hashable, list[int]] = defaultdict(list)
    for place, language in enumerate(languages):
        places[language].append(place)
    of_all = _compute_mean(vectors)
    centred: list[array[float]] = list(vectors)
    for some in places.values():
        mean = _compute_mean([vectors[place] for place in some]) if len(some) >= _MIN_LANGUAGE_TEXTS else of_all
        for place in some:
            moved = array("f", (number - usual for number, usual in zip(vectors[place], mean, strict=True)))
            length = math.hypot(*moved) or 1.0
            centred[place] = array("f", (number / length for number in moved))
    return centred


def _compute_mean(vectors: Sequence[array[float]]) -> list[float]:
    sums = [0.0] * (len(vectors[0]) if vectors else 0)
    for vector in vectors:
        sums = [total + number for total, number in zip(sums, vector, strict=True)]
    return [total / len(vectors) for total in sums]


def find_nearest_pairs(vectors: Sequence[array[float]], parts: Sequence[int], *, limit: int) -> SimilarTexts:
    """Return the pairs of vectors (of length 1) of different parts that are much nearer than usual."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(_CREATE_SQL)
        cursor.execute(_STORAGE_SQL)
        cursor.execute(_MEMORY_SQL)
        with connection.wrap_database_errors, cursor.copy(_COPY_SQL) as copy:
            for number, (vector, part) in enumerate(zip(vectors, parts, strict=True)):
                copy.write_row((number, part, str(list(vector))))
        cursor.execute(_USUAL_SQL, {"step": max(1, len(vectors) // _SAMPLE_SIZE)})
        count, usual, deviation = cursor.fetchone()
        found: list[tuple[int, int, int]] = []
        # Of two comparisons nobody knows what is usual.
        if count > 2 and deviation:
            cursor.execute(_NEAREST_SQL, {"least": usual + MIN_DEVIATIONS * deviation, "limit": limit})
            found = cursor.fetchall()
        cursor.execute("DROP TABLE compared_text")
    return SimilarTexts(pairs=tuple((first, second) for first, second, _ in found), count=found[0][2] if found else 0)
