"""Ask colleagues to review a working copy, and take that back."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from project.http.preconditions import IfMatch
from structures.models import ReviewAction, ReviewState, WorkingCopy
from structures.reviews.services import record_review_event
from structures.working_copies.history import lock_working_copy
from tenants.actors import Actor
from tenants.models import Tenant


@transaction.atomic
def submit_for_review(*, tenant: Tenant, copy_id: UUID, reason: str, actor: Actor, if_match: IfMatch) -> WorkingCopy:
    """Mark a working copy as to be reviewed, and return it. Doing so twice changes nothing.

    Raises NotFound, CopyClosed and VersionChanged.
    """
    return _change_state(
        lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match),
        ReviewState.IN_REVIEW,
        ReviewAction.SUBMITTED,
        actor=actor,
        reason=reason,
    )


@transaction.atomic
def withdraw_from_review(*, tenant: Tenant, copy_id: UUID, reason: str, actor: Actor, if_match: IfMatch) -> WorkingCopy:
    """Make a working copy a draft again, and return it. Of a draft nothing changes.

    Raises NotFound, CopyClosed and VersionChanged.
    """
    return _change_state(
        lock_working_copy(tenant=tenant, copy_id=copy_id, if_match=if_match),
        ReviewState.DRAFT,
        ReviewAction.WITHDRAWN,
        actor=actor,
        reason=reason,
    )


def _change_state(
    copy: WorkingCopy, state: ReviewState, action: ReviewAction, *, actor: Actor, reason: str
) -> WorkingCopy:
    if copy.review_state != state:
        copy.change_review_state(state)
        record_review_event(action, tenant=copy.tenant, node_id=copy.node_id, copy=copy, actor=actor, reason=reason)
    return copy
