"""Trees as values: what is a tree and what is none, and their JSON."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

import pytest

from structures.editing.errors import MalformedTree, RetiredKey, UnknownKey
from structures.editing.fields import Minutes
from structures.editing.operations import DeleteNode, perform_operation
from structures.editing.references import KeyedPrerequisite
from structures.editing.tree_json import decode_tree, encode_tree
from structures.editing.trees import COURSE_KEY, KeyedNode, KeyedTree, build_tree, find_dangling_prerequisites
from structures.engines.base.drafts import Expectation, NodeType
from tests.structures.editing.courses import course, key, quote


def build_changed(name: str, **parts: object) -> KeyedTree:
    nodes = dict(course().nodes)
    nodes[key(name)] = replace(nodes[key(name)], **parts)  # type: ignore[arg-type]  # the parts of a node
    return build_tree(nodes.values())


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("course", {"children": (key("Basics"),)}),
        ("course", {"children": (key("Basics"), key("Rivers"), key("Rivers"))}),
        ("course", {"parent": key("Basics")}),
        ("course", {"node_type": NodeType.MODULE}),
        ("Heat", {"parent": key("Rivers")}),
        ("Heat", {"parent": None}),
        ("Heat", {"node_type": None}),
        ("Heat", {"children": (UUID(int=99),)}),
        ("Boiling", {"children": (key("Heat"),)}),
        ("Heat", {"key": key("Cold")}),
    ],
)
def test_nodes_that_are_no_tree_are_refused(name: str, parts: dict[str, object]) -> None:
    with pytest.raises(MalformedTree):
        build_changed(name, **parts)


def test_a_circle_apart_from_the_course_is_refused() -> None:
    one, other = UUID(int=98), UUID(int=99)
    circle = [
        KeyedNode(key=one, node_type=NodeType.MODULE, parent=other, children=(other,)),
        KeyedNode(key=other, node_type=NodeType.MODULE, parent=one, children=(one,)),
    ]

    with pytest.raises(MalformedTree):
        build_tree([*course().nodes.values(), *circle])


def test_every_kind_of_field_comes_back_from_json() -> None:
    evidence = quote("Water boils.", page=3)
    tree = course(
        course={"expected_skills": (Expectation(summary="Boil", details="Water."),), "prerequisites": ("Fire",)},
        Heat={
            "description": "Hot.\nVery.",
            "difficulty": 3,
            "estimated_minutes": Minutes(45, "stated"),
            "key_points": ("One", "Two"),
            "arranged_by": "folders",
            "prerequisites": (
                KeyedPrerequisite(term="ice", lesson=key("Cold"), definition=evidence, use=quote("Ice melts.")),
            ),
            "references": (evidence,),
        },
    )

    assert decode_tree(encode_tree(tree)) == tree


@pytest.mark.parametrize(
    "damage",
    [
        {"nodes": []},
        {"nodes": None},
        {"retired": {"no key": {"reason": "deleted"}}},
        {"retired": {str(key("Heat")): {"reason": "lost"}}},
        {"nodes": [{"key": str(COURSE_KEY), "node_type": None, "fields": {"colour": "red"}}]},
        {"nodes": [{"key": str(COURSE_KEY), "node_type": None, "fields": {"title": 3}}]},
    ],
)
def test_damaged_json_is_said_to_be_damaged(damage: dict[str, object]) -> None:
    with pytest.raises(MalformedTree):
        decode_tree({**encode_tree(course()), **damage})


def test_a_key_that_was_never_there_differs_from_one_that_is_gone() -> None:
    tree = perform_operation(course(), DeleteNode(key=key("Heat"))).tree

    with pytest.raises(UnknownKey):
        tree.get_node(UUID(int=99))
    with pytest.raises(RetiredKey) as refused:
        tree.get_node(key("Boiling"))
    assert refused.value.extra["reason"] == "deleted"


def test_prerequisites_of_lessons_that_are_gone_are_found() -> None:
    both = [
        KeyedPrerequisite(term=name, lesson=key(name), definition=quote(name), use=quote(name))
        for name in ("Cold", "Mouths")
    ]
    tree = perform_operation(course(Heat={"prerequisites": tuple(both)}), DeleteNode(key=key("Cold"))).tree

    assert find_dangling_prerequisites(tree) == [(key("Heat"), "Cold")]
