"""What a generation by models takes: `python -m tests.benchmarks.generation [--lessons 40] [--seconds 2]`.

A fake vendor on this machine takes so many seconds for each answer, with `--by-lesson` so many for each lesson in it.
Printed are, for a new course and then for changes of it, the calls, the plan's calls, the wall time, the time that the
answers alone need at so many at a time (with `--by-lesson` as if lessons were not together), and what was reused.

`--prices` compares what plans say with what fakes bill that count tokens about as vendors do, and write little, as much
as usual, or much.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["LOG_LEVEL"] = "CRITICAL"
django.setup()

from django.conf import settings  # noqa: E402
from django.test.utils import get_runner, setup_test_environment  # noqa: E402

from materials.models import MaterialNode  # noqa: E402
from materials.tree.fingerprinting import refresh_node_fingerprint  # noqa: E402
from materials.tree.services import create_node  # noqa: E402
from project.jobs.models import Job  # noqa: E402
from structures.generation.options import GenerationOptions, Mode  # noqa: E402
from structures.generation.planning import plan_generation  # noqa: E402
from structures.generation.services import request_generation  # noqa: E402
from structures.models import StructureSnapshot  # noqa: E402
from tenants.models import Tenant  # noqa: E402
from tenants.services import create_tenant  # noqa: E402
from tests.benchmarks.generation_prices import SAMPLES, measure_prices  # noqa: E402
from tests.conftest import drain  # noqa: E402
from tests.fakes.asked import Asked  # noqa: E402
from tests.fakes.steps import Step  # noqa: E402
from tests.llm.world import KEYS, World  # noqa: E402
from tests.structures.generation.llm_courses import data_lines, honest, is_about_course, let_write  # noqa: E402
from tests.structures.working_copies.desk import add_text  # noqa: E402

OPTIONS = GenerationOptions(mode=Mode.GUIDED)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lessons", type=int, default=40)
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--by-lesson", action="store_true", help="let answers take as long as the lessons in them")
    parser.add_argument("--prices", action="store_true", help="compare the prices of plans with bills instead")
    parser.add_argument("--samples", type=Path, default=SAMPLES, help="a folder of courses for --prices")
    given = parser.parse_args()
    os.environ |= KEYS
    setup_test_environment()
    runner = get_runner(settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with tempfile.TemporaryDirectory() as folder, World(path=Path(folder) / "models.yaml") as world:
            settings.MODELS_FILE = str(world.path)
            let_write(world)
            world.begin_anew()
            if given.prices:
                measure_prices(world, create_tenant(slug="bench", name="Bench"), given.samples)
            else:
                _measure(world, lesson_count=given.lessons, seconds=given.seconds, is_by_lesson=given.by_lesson)
    finally:
        runner.teardown_databases(databases)


def _measure(world: World, *, lesson_count: int, seconds: float, is_by_lesson: bool) -> None:
    def answer(asked: Asked) -> Step:
        return replace(honest(asked), after=seconds * (_count_lessons(asked) if is_by_lesson else 1))

    world.google.always(answer)
    tenant = create_tenant(slug="bench", name="Bench")
    course = create_node(tenant=tenant, title="Water")
    for number in range(lesson_count):
        lesson = create_node(tenant=tenant, title=f"Lesson {number}", parent_id=course.pk)
        add_text(lesson, "a.md", f"# Lesson {number}\n\nLesson {number} says something of water.".encode())
    at_once = settings.GENERATION_CONCURRENCY
    sys.stdout.write(f"{lesson_count} lessons, {seconds:g} s an answer, {at_once} at a time\n")
    first = MaterialNode.objects.get(tenant=tenant, title="Lesson 0")
    changes: list[tuple[str, Callable[[], object]]] = [
        ("new course", lambda: None),
        ("one paragraph more in lesson 0", lambda: add_text(first, "b.md", b"There is more to say of water.")),
        ("another title", lambda: MaterialNode.objects.filter(pk=first.pk).update(title="Otherwise", fingerprint="")),
    ]
    for what, change in changes:
        change()
        MaterialNode.objects.filter(pk=course.pk).update(fingerprint="")
        refresh_node_fingerprint(tenant=tenant, node_id=course.pk)
        _generate(world, tenant, course, what, seconds=seconds, at_once=at_once, is_by_lesson=is_by_lesson)


def _count_lessons(asked: Asked) -> int:
    return 1 if is_about_course(asked) else max(1, sum("lesson" in line for line in data_lines(asked.prompt)))


def _generate(
    world: World,
    tenant: Tenant,
    course: MaterialNode,
    what: str,
    *,
    seconds: float,
    at_once: int,
    is_by_lesson: bool,
) -> None:
    plan = plan_generation(tenant=tenant, node_id=course.pk, options=OPTIONS)
    asked_before, begun = len(world.google.asked), time.perf_counter()
    job = request_generation(tenant=tenant, node_id=course.pk, options=OPTIONS).job
    assert job is not None
    drain()
    wall, calls = time.perf_counter() - begun, len(world.google.asked) - asked_before
    assert Job.objects.get(pk=job.pk).status == "complete"
    reused = StructureSnapshot.objects.get(job_id=job.pk).provenance["reused_answers"]
    answers = sum(map(_count_lessons, world.google.asked[asked_before:])) - 1 if is_by_lesson else calls - 1
    limit = (math.ceil(answers / at_once) + 1) * seconds
    sys.stdout.write(
        f"{what}: {calls} calls (plan {plan['calls']}), {reused} reused, {wall:.1f} s; "
        f"the answers alone {limit:.1f} s, {wall / limit:.2f} times\n"
    )


if __name__ == "__main__":
    main()
