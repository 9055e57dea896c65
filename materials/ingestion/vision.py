"""Describe pictures by a vision model: each picture once for a tenant and prompt, several at a time."""

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
from llm.router.factory import get_model_router
from materials.documents import Format
from materials.ingestion.described_pieces import DESCRIBED_FORMATS
from materials.ingestion.picture_schema import DESCRIBE_SLIDES, ImageDescription
from materials.models import PictureDescription
from project.jobs.run import JobRun
from tenants.models import Tenant

# A picture fails only after every model of the chain, which may take minutes: after three in a row the rest is left.
MAX_CONSECUTIVE_FAILURES = 3

DescriptionFailure = BudgetExceeded | ModelsExhausted | DeadlinePassed


@dataclass(frozen=True, kw_only=True)
class NamedImage:
    """A JPEG with a name that begins a sentence of a warning: "The picture at 12 s"."""

    name: str
    jpeg: bytes


def why_no_vision_model(tenant: Tenant) -> str:
    """Return why no vision model is available, with what to do about it; blank if one is."""
    try:
        get_model_router(tenant).list_candidates(DESCRIBE_SLIDES, "default")
    except NoProvider as exc:
        return f"No model that sees pictures is configured. {exc.next_step}"
    except (RegistryUnusable, UnknownAction) as exc:
        return str(exc)
    return ""


def can_describe_pictures(tenant: Tenant, format_: Format) -> bool:
    """Tell whether pictures in files of the format are described and a vision model is available."""
    return format_ in DESCRIBED_FORMATS and not why_no_vision_model(tenant)


class ImageDescriber:
    """Describes pictures for one job, and stores each description under the SHA-256 of its picture.

    `has_stopped` is set after MAX_CONSECUTIVE_FAILURES, or when the spending limit is reached. A picture that a
    provider refuses for its content does not count as a failure: the next one may be accepted. `warnings` has a
    sentence for each picture that was not described.
    """

    def __init__(self, run: JobRun, *, language: str, concurrency: int = 1) -> None:
        self.warnings: list[str] = []
        self.has_stopped = False
        self._run = run
        self._concurrency = concurrency
        self._request = read_prompt(DESCRIBE_SLIDES).build_request({"language": language})
        self._description_key = _compute_description_key(run.tenant, self._request)
        self._failures = 0

    def describe_images(self, images: Sequence[NamedImage]) -> list[ImageDescription | None]:
        """Return a description for each picture, None where no model gave one.

        Up to `concurrency` pictures are described at a time, each with its own database connection. Holds no
        transaction. Raises what the job's checkpoint raises.
        """
        digests = [hashlib.sha256(image.jpeg).hexdigest() for image in images]
        # By digest: the same picture, such as a logo on every slide, is paid once.
        known: dict[str, ImageDescription | DescriptionFailure] = dict(self._find_stored_descriptions(digests))
        undescribed = {digest: image for digest, image in zip(digests, images, strict=True) if digest not in known}
        if len(undescribed) > 1 and self._concurrency > 1:
            with ThreadPoolExecutor(min(self._concurrency, len(undescribed))) as pool:
                answers = list(pool.map(self._describe_in_thread, undescribed.items()))
        else:
            answers = [self._describe_image(each) for each in undescribed.items()]
        known.update(zip(undescribed, answers, strict=True))
        return [self._evaluate_answer(image, known[digest]) for digest, image in zip(digests, images, strict=True)]

    def format_remaining_warning(self, remaining: int, *, retry_hint: str) -> str:
        """Return the warning about the pictures that are left out after repeated failures."""
        pictures = "1 more picture was" if remaining == 1 else f"{remaining} more pictures were"
        return f"After {MAX_CONSECUTIVE_FAILURES} failures in a row, {pictures} not described. {retry_hint}"

    def _find_stored_descriptions(self, digests: Sequence[str]) -> dict[str, ImageDescription]:
        rows = PictureDescription.objects.for_tenant(self._run.tenant).filter(
            description_key=self._description_key, sha256__in=digests
        )
        return {row.sha256: ImageDescription(text=row.text, shows=row.shows) for row in rows}

    def _describe_in_thread(self, item: tuple[str, NamedImage]) -> ImageDescription | DescriptionFailure:
        """Describe a picture in a thread of the pool, and close the connections that Django opened for the thread."""
        try:
            return self._describe_image(item)
        finally:
            connections.close_all()

    def _describe_image(self, item: tuple[str, NamedImage]) -> ImageDescription | DescriptionFailure:
        sha256, image = item
        picture = Picture(data=image.jpeg, media_type="image/jpeg")
        try:
            answer = get_model_router(self._run.tenant).complete_object(
                DESCRIBE_SLIDES,
                replace(self._request, pictures=(picture,)),
                ImageDescription,
                tenant=self._run.tenant,
                job=self._run.job,
                checkpoint=self._run.checkpoint,
            )
        except (BudgetExceeded, ModelsExhausted, DeadlinePassed) as exc:
            return exc
        row = PictureDescription(
            tenant=self._run.tenant,
            sha256=sha256,
            description_key=self._description_key,
            model=answer.model,
            text=_clean_text(answer.value.text),
            shows=_clean_text(answer.value.shows),
        )
        # Another job may have described the same picture meanwhile; either answer will do.
        PictureDescription.objects.bulk_create([row], ignore_conflicts=True)
        self._run.renew_attempts()
        return ImageDescription(text=row.text, shows=row.shows)

    def _evaluate_answer(
        self, image: NamedImage, answer: ImageDescription | DescriptionFailure
    ) -> ImageDescription | None:
        if isinstance(answer, ImageDescription):
            self._failures = 0
            return answer
        if isinstance(answer, BudgetExceeded):
            if not self.has_stopped:
                self.warnings.append(f"{image.name} and what follows was not described: {answer}")
            self.has_stopped = True
            return None
        self.warnings.append(f"{image.name} was not described: {answer}")
        if not (isinstance(answer, ModelsExhausted) and isinstance(answer.last, ContentRefused)):
            self._failures += 1
        self.has_stopped = self.has_stopped or self._failures >= MAX_CONSECUTIVE_FAILURES
        return None

    @property
    def has_failed_repeatedly(self) -> bool:
        """Tell whether it stopped because no model answers, not because the spending limit is reached."""
        return self._failures >= MAX_CONSECUTIVE_FAILURES


def _compute_description_key(tenant: Tenant, request: ModelRequest) -> str:
    first = get_model_router(tenant).list_candidates(DESCRIBE_SLIDES, "default")[0].model
    parts = (request.prompt_version, request.system, request.prompt, first.provider, first.id)
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def _clean_text(text: str) -> str:
    return text.replace("\x00", "").strip()  # PostgreSQL's text cannot hold NUL
