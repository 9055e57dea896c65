"""Storing drafts: what an engine says of a node is what the API answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from materials.models import MaterialEntry
from structures.engines.base.drafts import Basis, Citation, Draft, DraftNode, NodeType, Prerequisite
from structures.engines.base.sources import SourceNode
from structures.engines.registry import ENGINES, EngineName
from structures.models import StructureNode
from tenants.models import Tenant
from tests.conftest import Api
from tests.structures.generation.test_generation import generate


def build_draft(source: SourceNode) -> Draft:
    """Return two lessons, of which the second builds on the first; all they cite is the first chunk."""
    chunk = source.entries[0].chunks[0]
    quote = Citation(chunk_id=chunk.id, quote=chunk.text)
    heat = DraftNode(
        node_type=NodeType.LESSON,
        title="Heat",
        learning_goal="Measure heat.\nBoil water.",
        estimated_minutes=30,
        minutes_basis=Basis.STATED,
        key_points=("Water boils.",),
        questions=("Why?",),
        topics=("Boiling", "Freezing"),
        required_knowledge=("Fractions",),
    )
    steam = DraftNode(
        node_type=NodeType.LESSON,
        title="Steam",
        prerequisites=(Prerequisite(term="heat", lesson=0, definition=quote, use=quote),),
    )
    module = DraftNode(node_type=NodeType.MODULE, title="Water", arranged_by="folders", children=(heat, steam))
    return Draft(title="Water", modules=(module,), arrangement={"readings": ["folders"]})


def test_it_stores_what_the_materials_state(
    api: Api, acme: Tenant, lecture: MaterialEntry, monkeypatch: pytest.MonkeyPatch
) -> None:
    engine = replace(ENGINES[EngineName.OUTLINE], build_draft=lambda request, _: build_draft(request.source))
    monkeypatch.setattr("structures.generation.services.ENGINES", {EngineName.OUTLINE: engine})

    snapshot = generate(api, acme, lecture.node)
    shown = api(acme).get(f"/api/v1/snapshots/{snapshot.pk}").json()

    (module,) = shown["children"]
    heat, steam = module["children"]
    assert (module["arranged_by"], module["minutes_basis"]) == ("folders", "")
    assert shown["provenance"] == {"arrangement": {"readings": ["folders"]}}
    assert (heat["learning_goal"], heat["estimated_minutes"]) == ("Measure heat.\nBoil water.", 30)
    assert heat["minutes_basis"] == "stated"
    assert (heat["key_points"], heat["questions"]) == (["Water boils."], ["Why?"])
    assert (heat["topics"], heat["required_knowledge"]) == (["Boiling", "Freezing"], ["Fractions"])
    (prerequisite,) = steam["prerequisites"]
    assert (prerequisite["term"], prerequisite["lesson"]) == ("heat", heat["id"])
    assert prerequisite["definition"] == prerequisite["use"]
    assert prerequisite["use"]["entry"] == str(lecture.pk)
    assert prerequisite["use"]["quote"] == "Boiling water"
    assert prerequisite["use"]["locator"] == {"heading_path": ["Boiling water"]}
    assert (heat["prerequisites"], steam["topics"], steam["arranged_by"]) == ([], [], "")
    assert StructureNode.objects.get(title="Steam").estimated_minutes is None
