"""The tree is locked before a working copy: nobody who has the one waits for somebody who has the other."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction
from pytest_django import Settings

from materials.locks import lock_tree
from materials.models import MaterialNode
from materials.tree.services import create_node, delete_node
from project.errors import NotFound
from project.http.preconditions import IfMatch
from structures.models import WorkingCopy
from structures.reviews.services import approve_snapshot
from structures.working_copies.approval import approve_working_copy
from structures.working_copies.reviewing import submit_for_review
from structures.working_copies.services import create_working_copy
from tenants.actors import Actor
from tenants.models import Tenant
from tenants.services import create_tenant
from tests.process_table import eventually
from tests.structures.course_page.stored import store_snapshot

ADA, BOB = Actor(kind="user", id="1", name="Ada"), Actor(kind="user", id="2", name="Bob")
ANY = IfMatch(None)


def approve_copy(tenant: Tenant, copy: WorkingCopy) -> Callable[[], object]:
    return partial(
        approve_working_copy, tenant=tenant, copy_id=copy.pk, reason="", actor=ADA, if_match=ANY
    )  # fmt: skip


def approve_its_snapshot(tenant: Tenant, copy: WorkingCopy) -> Callable[[], object]:
    """Return what the second of two people does, while the working copy is in review."""
    submit_for_review(tenant=tenant, copy_id=copy.pk, reason="", actor=ADA, if_match=ANY)
    snapshot, _ = approve_working_copy(tenant=tenant, copy_id=copy.pk, reason="", actor=ADA, if_match=ANY)
    return partial(approve_snapshot, tenant=tenant, snapshot_id=snapshot.pk, reason="", actor=BOB)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("prepare", [approve_copy, approve_its_snapshot])
def test_an_approval_waits_without_holding_what_a_deletion_needs(
    prepare: Callable[[Tenant, WorkingCopy], Callable[[], object]], settings: Settings
) -> None:
    settings.APPROVALS_REQUIRED = 2
    tenant = create_tenant(slug="pair", name="Pair")
    node = create_node(tenant=tenant, title="Water")
    snapshot = store_snapshot(tenant, node, [{"node_type": "module", "title": "Steam"}])
    copy = create_working_copy(tenant=tenant, snapshot_id=snapshot.pk, name="main", actor=ADA)
    approve = prepare(tenant, copy)

    def approve_elsewhere() -> None:
        try:
            approve()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            lock_tree(tenant)
            approval = pool.submit(approve_elsewhere)
            eventually(_does_somebody_wait_for_us, seconds=60, what="the approval waits for the tree")
            delete_node(tenant=tenant, node_id=node.pk)

        with pytest.raises(NotFound):
            approval.result()
    assert not MaterialNode.objects.exists()


def _does_somebody_wait_for_us() -> bool:
    with connection.cursor() as cursor:
        # `pg_stat_activity` does not change inside a transaction.
        cursor.execute(
            "SELECT count(*) FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY(pg_blocking_pids(pid))"
        )
        return bool(cursor.fetchone()[0])
