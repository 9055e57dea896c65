"""What a plan says a generation costs, beside what it is then billed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from llm.models import ExternalCall
from materials.tree.services import create_node
from tenants.models import Tenant
from tests.conftest import Api
from tests.evaluation.courses import FOLDER
from tests.llm.world import World
from tests.structures.generation.llm_courses import written
from tests.structures.generation.usual_models import USUAL
from tests.structures.working_copies.desk import add_text

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("no_long_pauses")]


@pytest.mark.parametrize(
    ("course", "files"),
    [
        ("programming-en", ["02-numpy.md", "04-lists.md", "07-cond.md"]),
        # Small lessons, which are asked about together, in an alphabet that vendors cut into more tokens.
        ("bees-uk", ["ohliad.md", "simia.md", "vulyk.md", "med.md"]),
    ],
)
def test_a_plan_is_within_a_quarter_of_the_bill(
    world: World, api: Api, acme: Tenant, course: str, files: list[str]
) -> None:
    world.google.always(USUAL.answer)
    node = create_node(tenant=acme, title=course)
    for file in files:
        lesson = create_node(tenant=acme, title=file, parent_id=node.pk)
        add_text(lesson, file, (FOLDER / course / "materials" / file).read_bytes())

    plan = api(acme).get(f"/api/v1/nodes/{node.pk}/generation-plan", {"engine": "llm"}).json()
    snapshot = written(api(acme), node.pk, engine="llm")

    calls = ExternalCall.objects.all()
    assert plan["calls"] == len(calls) == snapshot["provenance"]["calls"]
    assert plan["input_tokens"] == pytest.approx(sum(call.units_in for call in calls), rel=0.25)
    billed = Decimal(snapshot["provenance"]["cost_usd"])
    assert Decimal(plan["expected_cost_usd"]) == pytest.approx(billed, rel=Decimal("0.25"))
