"""Rebases, at once or as a job: of a large course the work is done without holding the working copy.

A job stores what it computed together with its end, in one transaction, and only if nobody changed the working copy
meanwhile. So an edit is never lost, and a worker that dies at any moment leaves either nothing or all of it.
"""

from __future__ import annotations

from dataclasses import asdict
from typing import Any
from uuid import UUID

from django.db import transaction

from project.errors import NotFound
from project.http.preconditions import IfMatch, VersionChanged
from project.jobs.errors import JobCancelled
from project.jobs.models import Job
from project.jobs.run import JobRun
from project.jobs.services import submit_job
from structures.job_kinds import PREVIEW_REBASE, REBASE_WORKING_COPY
from structures.models import StructureNode, StructureSnapshot, WorkingCopy
from structures.working_copies.history import lock_working_copy
from structures.working_copies.queries import build_etag, get_working_copy
from structures.working_copies.rebasing import RebaseResult, compute_rebase, find_target, store_rebase
from tenants.actors import Actor
from tenants.models import Tenant

# Of 20,000 nodes that all changed, reading, merging and storing take 15 s of a processor of 2026, so that this
# takes a second and a half: as long as a person waits, and other requests may wait for the thread.
MAX_NODES_AT_ONCE = 2_000
# What a person reads before they decide whether to rebase; of each what it is about. All are listed once it is done.
MAX_PREVIEWED_CONFLICTS = 100
_ANY = IfMatch(None)


@transaction.atomic
def request_rebase(
    *, tenant: Tenant, copy_id: UUID, onto: UUID | None, reason: str, actor: Actor, if_match: IfMatch
) -> RebaseResult | Job:
    """Put a working copy onto a snapshot of its node, or of a large course submit a job that does.

    `onto` None is the newest snapshot that was generated. What people touched stays to the letter. Conflicts of earlier
    rebases that are open stay while both sides differ. Raises NotFound, CopyClosed, VersionChanged, HistoryFull,
    LimitExceeded, WrongPlace, and JobAlreadyOpen while a job does the same.
    """
    copy = lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match)
    target = find_target(copy, onto)
    if not _is_large(copy, target):
        return store_rebase(copy, compute_rebase(copy, target), reason=reason, actor=actor)
    # Whoever names no version means any, also one that is edited while the job works.
    named = None if if_match.etags is None else copy.revision
    params = {"onto": str(target.pk), "revision": named, "reason": reason, "actor": asdict(actor)}
    return submit_job(tenant=tenant, kind=REBASE_WORKING_COPY, subject_id=copy.pk, params=params)


@transaction.atomic
def request_preview(*, tenant: Tenant, copy_id: UUID, onto: UUID | None) -> RebaseResult | Job:
    """Return what `request_rebase` would do, or of a large course submit a job that finds out. Nothing is changed.

    Raises NotFound, LimitExceeded, WrongPlace, and JobAlreadyOpen while a job does the same.
    """
    copy = get_working_copy(tenant=tenant, copy_id=copy_id)
    target = find_target(copy, onto)
    if not _is_large(copy, target):
        return compute_rebase(copy, target)
    return submit_job(tenant=tenant, kind=PREVIEW_REBASE, subject_id=copy.pk, params={"onto": str(target.pk)})


def rebase_working_copy(run: JobRun) -> None:
    """Run a rebase job. When somebody edited meanwhile, it takes that in if no version was named.

    Raises VersionChanged otherwise, CopyClosed, NotFound for a snapshot that was deleted, HistoryFull, LimitExceeded,
    WrongPlace, and JobCancelled when the working copy is gone.
    """
    params, actor = run.job.params, Actor(**run.job.params["actor"])
    run.report_progress("merging", 0, 2)
    copy = _get_copy(run)
    _check_version(copy, params["revision"])
    result = compute_rebase(copy, find_target(copy, UUID(params["onto"])), checkpoint=run.checkpoint)
    run.report_progress("storing", 1, 2)
    run.wait_for_database()
    with transaction.atomic():
        held = lock_working_copy(tenant=run.tenant, copy_id=copy.pk, if_match=_ANY)
        _check_version(held, params["revision"])
        if held.revision != copy.revision:
            # Edits wait now, so that this is the last time.
            result = compute_rebase(held, find_target(held, result.onto.pk), checkpoint=run.checkpoint)
        # In one transaction with the end of the job. What is known of the result beforehand is all of it.
        is_step = result.onto.pk != held.base_id or not result.change.is_empty
        described = _describe_result(result, held, revision=held.revision + is_step, dry_run=False)
        with run.complete_job(result=described):
            store_rebase(held, result, reason=params["reason"], actor=actor)


def preview_rebase(run: JobRun) -> None:
    """Run a job that says what a rebase would do. Raises as a rebase does."""
    run.report_progress("merging", 0, 1)
    copy = _get_copy(run)
    result = compute_rebase(copy, find_target(copy, UUID(run.job.params["onto"])), checkpoint=run.checkpoint)
    described = _describe_result(result, copy, revision=copy.revision, dry_run=True)
    conflicts = [
        {"kind": each.kind.value, "key": str(each.key), "title": each.title, "field": each.field}
        for each in result.conflicts[:MAX_PREVIEWED_CONFLICTS]
    ]
    with run.complete_job(result={**described, "conflicts": conflicts}):
        pass


def _is_large(copy: WorkingCopy, target: StructureSnapshot) -> bool:
    if copy.node_count > MAX_NODES_AT_ONCE:
        return True
    return StructureNode.objects.filter(tenant=copy.tenant_id, snapshot=target).count() > MAX_NODES_AT_ONCE


def _get_copy(run: JobRun) -> WorkingCopy:
    try:
        return get_working_copy(tenant=run.tenant, copy_id=run.job.subject_id)
    except NotFound as error:
        raise JobCancelled("The working copy is gone.") from error


def _check_version(copy: WorkingCopy, named: int | None) -> None:
    """Raise VersionChanged when the rebase was asked for of another version of the working copy."""
    if named is not None and copy.revision != named:
        raise VersionChanged(
            f'The working copy was changed before the rebase was done: its version was "{named}" and is '
            f"{build_etag(copy)}. The rebase has changed nothing.",
            next_step="Look at what has changed (GET /api/v1/working-copies/{id}/history), and rebase again with the "
            "new `ETag` as `If-Match`. With `If-Match: *` a rebase takes in what is edited while it runs.",
            extra={"version": build_etag(copy)},
        )


def _describe_result(result: RebaseResult, copy: WorkingCopy, *, revision: int, dry_run: bool) -> dict[str, Any]:
    return {
        "working_copy": str(copy.pk),
        "revision": revision,
        "dry_run": dry_run,
        "onto": str(result.onto.pk),
        "base_known": result.is_base_known,
        "counts": result.counts,
        "conflict_counts": result.conflict_counts,
    }
