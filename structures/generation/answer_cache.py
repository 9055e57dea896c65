"""Models' answers by what was asked, kept for each tenant: what has not changed is not paid for again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.utils import timezone
from pydantic import BaseModel

from llm.messages import ModelRequest
from llm.schemas import build_schema
from materials.models import MaterialNode
from structures.models import CachedAnswer
from tenants.models import Tenant

# Rows of one statement of the periodic task, which has a time limit; the next round goes on.
_DELETE_BATCH_SIZE = 10_000


def compute_digest(action: str, strategy: str, request: ModelRequest, wanted: type[BaseModel]) -> str:
    """Return the key of an answer: the digest of everything that it depends on.

    The model is not part of it: which one answers may change with every failure, and an answer of another model in the
    same chain is as good.
    """
    question = [action, strategy, request.system, request.prompt, build_schema(wanted).body]
    return hashlib.sha256(json.dumps(question, sort_keys=True).encode()).hexdigest()


def find_answer(tenant: Tenant, digest: str) -> CachedAnswer | None:
    """Return the tenant's answer to a question that was asked before."""
    return CachedAnswer.objects.filter(tenant=tenant, digest=digest).first()


def find_cached_digests(tenant: Tenant, digests: Collection[str]) -> set[str]:
    """Return the digests to which there is an answer. One statement."""
    return set(CachedAnswer.objects.filter(tenant=tenant, digest__in=digests).values_list("digest", flat=True))


def store_answers(*, tenant: Tenant, node_id: UUID, model: str, answers: Mapping[str, BaseModel]) -> None:
    """Store answers by their digests, but for those that somebody has stored, unless the node was deleted.

    Two statements, not in the transaction of the job's end: what was paid must survive a crash of the worker.
    """
    if MaterialNode.objects.for_tenant(tenant).filter(pk=node_id).exists():
        rows = [
            CachedAnswer(tenant=tenant, node_id=node_id, digest=digest, model=model, answer=value.model_dump_json())
            for digest, value in answers.items()
        ]
        CachedAnswer.objects.bulk_create(rows, ignore_conflicts=True)


def mark_answers_used(*, tenant: Tenant, node_id: UUID, digests: Collection[str]) -> None:
    """Note that a generation of the node has used the answers. One statement."""
    CachedAnswer.objects.filter(tenant=tenant, digest__in=digests).update(used_at=timezone.now(), node_id=node_id)


def delete_unused_answers() -> None:
    """Delete answers that no generation has used for `ANSWER_CACHE_DAYS`."""
    oldest = timezone.now() - timedelta(days=settings.ANSWER_CACHE_DAYS)
    unused = CachedAnswer.objects.filter(used_at__lt=oldest).order_by("used_at").values("pk")[:_DELETE_BATCH_SIZE]
    CachedAnswer.objects.filter(pk__in=unused).delete()
