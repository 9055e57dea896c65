from __future__ import annotations

import pytest

from materials.models import MaterialNode
from materials.tree.services import create_node
from tenants.models import Tenant


@pytest.fixture
def week(acme: Tenant) -> MaterialNode:
    """Return a node of a course: what is transcribed in it has the course's language."""
    course = create_node(tenant=acme, title="Programming in Python", language="en-GB")
    return create_node(tenant=acme, title="Week 1", parent_id=course.pk)
