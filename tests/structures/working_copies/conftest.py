"""The stage for working copies: a generated structure and somebody who edits it."""

from __future__ import annotations

import pytest

from materials.models import MaterialEntry, MaterialNode
from structures.models import StructureSnapshot
from tenants.models import Tenant
from tests.conftest import LECTURE, Api
from tests.structures.generation.test_generation import generate
from tests.structures.working_copies.desk import Desk, add_text, create_copy


@pytest.fixture
def lecture(course: MaterialNode) -> MaterialEntry:
    """Return an entry that was read; in the place of the one that is uploaded, which takes longer."""
    return add_text(course, "1 boiling.md", LECTURE)


@pytest.fixture
def snapshot(api: Api, acme: Tenant, lecture: MaterialEntry) -> StructureSnapshot:
    return generate(api, acme, lecture.node)


@pytest.fixture
def desk(api: Api, acme: Tenant, snapshot: StructureSnapshot) -> Desk:
    return create_copy(api(acme), snapshot.pk)
