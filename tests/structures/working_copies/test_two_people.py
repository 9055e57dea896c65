"""Two people at once: of two changes of one version, one is made and the other is told so."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from materials.tree.services import create_node
from project.http.preconditions import IfMatch, VersionChanged
from structures.models import EditRecord, WorkingCopy
from structures.working_copies.services import create_working_copy, edit_working_copy
from tenants.actors import Actor
from tenants.services import create_tenant
from tests.structures.course_page.stored import store_snapshot
from tests.structures.working_copies.desk import COURSE


@pytest.mark.django_db(transaction=True)
def test_one_of_two_edits_of_a_version_is_made() -> None:
    tenant = create_tenant(slug="pair", name="Pair")
    node = create_node(tenant=tenant, title="Water")
    snapshot = store_snapshot(tenant, node, [{"node_type": "module", "title": "Steam"}])
    ada = Actor(kind="user", id="1", name="Ada")
    copy = create_working_copy(tenant=tenant, snapshot_id=snapshot.pk, name="main", actor=ada)
    start = Barrier(2)

    def edit(title: str) -> str:
        start.wait()
        try:
            edit_working_copy(
                tenant=tenant,
                copy_id=copy.pk,
                operation="change_field",
                arguments={"key": COURSE, "field": "title", "value": title},
                reason="",
                actor=ada,
                if_match=IfMatch(frozenset({'"1"'})),
            )
        except VersionChanged as error:
            return str(error.extra["version"])
        finally:
            connection.close()
        return "made"

    with ThreadPoolExecutor(2) as pool:
        results = sorted(pool.map(edit, ["One", "Two"]))

    assert results == ['"2"', "made"]
    assert WorkingCopy.objects.get().revision == 2
    assert EditRecord.objects.count() == 1
