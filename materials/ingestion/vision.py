"""Having a vision model look at pictures: each picture once, some at a time, and never an invented description."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace

from django.db import connections

from llm.errors import (
    BudgetExceeded,
    ContentRefused,
    DeadlinePassed,
    ModelsExhausted,
    NoProvider,
    RegistryUnusable,
    UnknownAction,
)
from llm.messages import ModelRequest, Picture
from llm.prompts import read_prompt
from llm.router_factory import get_model_router
from materials.documents import Format
from materials.ingestion.described_pieces import PICTURED
from materials.ingestion.picture_schema import DESCRIBE_SLIDES, Seen
from materials.models import PictureDescription
from project.jobs.runner import JobRun

FAILURES_IN_A_ROW = 3
"""After so many pictures that no model described, the rest are left: each could take minutes to fail."""

Failure = BudgetExceeded | ModelsExhausted | DeadlinePassed


@dataclass(frozen=True, kw_only=True)
class Sight:
    """A picture to be looked at; `name` begins a sentence: "The picture at 12 s"."""

    name: str
    jpeg: bytes


def why_nobody_looks() -> str:
    """Return why no model can be asked about pictures, with what to do; blank when one can."""
    try:
        get_model_router().list_candidates(DESCRIBE_SLIDES, "default")
    except NoProvider as exc:
        return f"No model that sees pictures is configured. {exc.next_step}"
    except (RegistryUnusable, UnknownAction) as exc:
        return str(exc)
    return ""


def is_looked_at(format_: Format) -> bool:
    """Tell whether the pictures of files of the format are looked at, and a model is there that can."""
    return format_ in PICTURED and not why_nobody_looks()


class Looker:
    """Looks at pictures for one job, and remembers what it saw under the pictures' hashes.

    After FAILURES_IN_A_ROW, or when the budget is used up, `has_stopped`. A picture that is refused for what it shows
    does not count: that says nothing of the next one. `warnings` has a sentence for each that was not described.
    """

    def __init__(self, run: JobRun, *, language: str, at_once: int = 1) -> None:
        self.warnings: list[str] = []
        self.has_stopped = False
        self._run = run
        self._at_once = at_once
        self._request = read_prompt(DESCRIBE_SLIDES).build_request({"language": language})
        self._recipe = _recipe(self._request)
        self._failures = 0

    def look(self, sights: Sequence[Sight]) -> list[Seen | None]:
        """Return what a model sees in each picture; None where it could not tell. Holds no transaction.

        Raises what the job's checkpoint raises.
        """
        digests = [hashlib.sha256(sight.jpeg).hexdigest() for sight in sights]
        known: dict[str, Seen | Failure] = dict(self._known(digests))
        fresh = {digest: sight for digest, sight in zip(digests, sights, strict=True) if digest not in known}
        if len(fresh) > 1 and self._at_once > 1:
            with ThreadPoolExecutor(min(self._at_once, len(fresh))) as pool:
                answers = list(pool.map(self._ask_apart, fresh.items()))
        else:
            answers = [self._ask(each) for each in fresh.items()]
        known.update(zip(fresh, answers, strict=True))
        return [self._judged(sight, known[digest]) for digest, sight in zip(digests, sights, strict=True)]

    def give_up(self, left: int, *, again: str) -> str:
        """Return the sentence about the pictures that are left after failures in a row."""
        pictures = "1 more picture was" if left == 1 else f"{left} more pictures were"
        return f"After {FAILURES_IN_A_ROW} failures in a row, {pictures} not described. {again}"

    def _known(self, digests: Sequence[str]) -> dict[str, Seen]:
        rows = PictureDescription.objects.for_tenant(self._run.tenant).filter(recipe=self._recipe, sha256__in=digests)
        return {row.sha256: Seen(text=row.text, shows=row.shows) for row in rows}

    def _ask_apart(self, fresh: tuple[str, Sight]) -> Seen | Failure:
        """Ask in a thread, with a connection of its own."""
        try:
            return self._ask(fresh)
        finally:
            connections.close_all()

    def _ask(self, fresh: tuple[str, Sight]) -> Seen | Failure:
        digest, sight = fresh
        picture = Picture(data=sight.jpeg, media_type="image/jpeg")
        try:
            answer = get_model_router().complete_object(
                DESCRIBE_SLIDES,
                replace(self._request, pictures=(picture,)),
                Seen,
                tenant=self._run.tenant,
                job=self._run.job,
                checkpoint=self._run.checkpoint,
            )
        except (BudgetExceeded, ModelsExhausted, DeadlinePassed) as exc:
            return exc
        row = PictureDescription(
            tenant=self._run.tenant,
            sha256=digest,
            recipe=self._recipe,
            model=answer.model,
            text=_storable(answer.value.text),
            shows=_storable(answer.value.shows),
        )
        PictureDescription.objects.bulk_create([row], ignore_conflicts=True)
        return Seen(text=row.text, shows=row.shows)

    def _judged(self, sight: Sight, answer: Seen | Failure) -> Seen | None:
        if isinstance(answer, Seen):
            self._failures = 0
            return answer
        if isinstance(answer, BudgetExceeded):
            if not self.has_stopped:
                self.warnings.append(f"{sight.name} and what follows was not described: {answer}")
            self.has_stopped = True
            return None
        self.warnings.append(f"{sight.name} was not described: {answer}")
        if not (isinstance(answer, ModelsExhausted) and isinstance(answer.last, ContentRefused)):
            self._failures += 1
        self.has_stopped = self.has_stopped or self._failures >= FAILURES_IN_A_ROW
        return None

    @property
    def is_out_of_luck(self) -> bool:
        """Tell whether it stopped because nobody answers, not because the budget is used up."""
        return self._failures >= FAILURES_IN_A_ROW


def _recipe(request: ModelRequest) -> str:
    first = get_model_router().list_candidates(DESCRIBE_SLIDES, "default")[0].model
    parts = (request.prompt_version, request.system, request.prompt, first.provider, first.id)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _storable(text: str) -> str:
    return text.replace("\x00", "").strip()
