from __future__ import annotations

import pytest

from materials.models import MaterialNode
from materials.services import create_node
from tenants.models import Tenant


@pytest.fixture
def week(acme: Tenant) -> MaterialNode:
    """Return a node of a course, whose titles are the hot words of what is transcribed in it."""
    course = create_node(tenant=acme, title="Introduction to programming", language="en")
    return create_node(tenant=acme, title="Week 1", parent_id=course.pk)
