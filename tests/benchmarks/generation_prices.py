"""What a plan says a generation costs, beside the bill of the fakes: see `python -m tests.benchmarks.generation`."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar
from uuid import UUID

import yaml
from django.conf import settings
from pydantic import BaseModel

from llm.models import ExternalCall
from llm.prompts import read_prompt
from project.local.course_files import open_course
from project.local.folder_reading import read_planned_files
from project.local.folder_sources import build_folder_sources
from project.local.reading_cache import ReadingCache
from structures.engines.base.drafts import DraftNode
from structures.engines.base.llm_client import SimilarTexts, TaskOutcome
from structures.engines.base.outlines import Outline
from structures.engines.base.requests import EngineRequest
from structures.engines.base.sources import SourceNode
from structures.engines.llm.engine import write_course
from structures.engines.registry import find_llm_outline
from structures.generation.llm_client import StrategyCapacityLookup
from structures.generation.options import DEFAULT_STRATEGY
from tenants.models import Tenant
from tests.evaluation.courses import load_courses
from tests.llm.world import World
from tests.structures.generation.usual_models import MODELS

T = TypeVar("T", bound=BaseModel)
R = TypeVar("R")

SAMPLES = settings.BASE_DIR.parent / "shared" / "samples"
"""Courses of others, beside the project where they are there at all."""

_MODEL = "gemini-3.8-flash"


class PlayedClient(StrategyCapacityLookup):
    """Asks the router for no job, and keeps the plan. No answer is kept."""

    def __init__(self, *, tenant: Tenant) -> None:
        super().__init__(tenant=tenant, strategy=DEFAULT_STRATEGY)
        self.plan: Mapping[str, Any] = {}

    def announce_plan(self, plan: Mapping[str, Any]) -> None:
        self.plan = plan

    def ask_beforehand(self, _action: str, _questions: object, _wanted: object) -> None: ...

    def complete(self, action: str, values: Mapping[str, object], wanted: type[T]) -> T:
        request = read_prompt(action).build_request(values)
        return self._router.complete_object(action, request, wanted, tenant=self._tenant).value

    def complete_together(
        self,
        action: str,
        values: Mapping[str, object],
        wanted: type[T],
        _split: Callable[[T], Iterable[tuple[Mapping[str, object], BaseModel]]],
    ) -> T:
        return self.complete(action, values, wanted)

    def find_similar_texts(self, _texts: Sequence[str], _parts: Sequence[int], *, limit: int) -> SimilarTexts:
        return SimilarTexts()

    def announce_lessons(self, _outline: Outline, _asked: object) -> None: ...

    def publish_lesson(self, _key: UUID, _lesson: DraftNode) -> None: ...

    def publish_failure(self, _key: UUID, error: Exception) -> None:
        raise error

    def run_tasks(self, tasks: Sequence[Callable[[], R]]) -> list[TaskOutcome[R]]:
        return [TaskOutcome(value=task()) for task in tasks]


def use_real_model(world: World) -> None:
    """Give the first model of the world, and the actions, what `config/models.yaml` says of them."""
    config = yaml.safe_load((settings.BASE_DIR / "config" / "models.yaml").read_text())
    world.file["models"]["gemini"] = config["models"][_MODEL]
    world.file["actions"] |= {name: config["actions"][name] for name in ("write_lesson", "reconcile_course")}
    world.write()
    world.begin_anew()


def measure_prices(world: World, tenant: Tenant, samples: Path = SAMPLES) -> None:
    """Print for each course and each model the plan's tokens and price as shares of what was billed."""
    use_real_model(world)
    sys.stdout.write(f"course: calls; input; price planned by billed, {', '.join(MODELS)}\n")
    for name, source in _read_courses(samples):
        shares = []
        for model in MODELS.values():
            world.google.always(model.answer)
            plan, calls = play_generation(source, tenant)
            shares.append(
                Decimal(plan["expected_cost_usd"]) / sum((call.cost or Decimal(0) for call in calls), Decimal(0))
            )
        # What is asked does not depend on the model, but for the last question.
        tokens = plan["input_tokens"] / sum(call.units_in for call in calls)
        sys.stdout.write(f"{name}: {len(calls)}; {tokens:.2f}; {', '.join(f'{share:.2f}' for share in shares)}\n")
        sys.stdout.flush()


def play_generation(source: SourceNode, tenant: Tenant) -> tuple[Mapping[str, Any], list[ExternalCall]]:
    """Let models write a course, and return the plan and the calls that were billed."""
    client = PlayedClient(tenant=tenant)
    known = set(ExternalCall.objects.values_list("pk", flat=True))
    request = EngineRequest(source=source)
    write_course(request, find_llm_outline(request), client)
    calls = list(ExternalCall.objects.exclude(pk__in=known))
    if client.plan["calls"] != len(calls):
        sys.stdout.write(f"  planned were {client.plan['calls']} calls\n")
    return client.plan, calls


def _read_courses(samples: Path) -> Iterator[tuple[str, SourceNode]]:
    """Yield the sample courses where there are any, else those of the tests."""
    folders = {course.name: course.materials for course in load_courses()}
    if samples.is_dir():
        found = sorted(path for path in samples.iterdir() if path.name not in {"gold", "media"} and path.is_dir())
        folders = {path.name: path / "input" if (path / "input").is_dir() else path for path in found}
    with tempfile.TemporaryDirectory() as cache:
        for name, folder in folders.items():
            with open_course(folder) as course:
                reading = read_planned_files(course.plan, cache=ReadingCache(folder=Path(cache)))
                yield name, build_folder_sources(course.plan, reading, title=course.title).sources.root
