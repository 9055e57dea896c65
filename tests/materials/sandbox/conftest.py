from __future__ import annotations

import pytest

from materials.models import MaterialNode
from materials.tree.services import create_node
from tenants.models import Tenant


@pytest.fixture
def sandbox_course(sandbox: Tenant) -> MaterialNode:
    return create_node(tenant=sandbox, title="Sandbox course")
