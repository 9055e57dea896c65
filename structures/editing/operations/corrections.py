"""Taking back one correction that a model made in the snapshot below a working copy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any
from uuid import UUID

from structures.editing.errors import NotTakenBack
from structures.editing.fields import FieldValue
from structures.editing.operations.content import ChangeField
from structures.editing.operations.nodes import AddNode, MoveNode
from structures.editing.reference_json import decode_reference, encode_prerequisite
from structures.editing.references import KeyedPrerequisite, ReferenceIdentity
from structures.editing.trees import KeyedNode, KeyedTree
from structures.engines.base.drafts import NodeType


@dataclass(frozen=True, kw_only=True)
class RefuseCorrection:
    """Make what an applied correction changed again what it was. `correction` is as the snapshot keeps it.

    Raises NotTakenBack when what it made is not there any more, and what the edits raise that it is made of.
    """

    index: int
    correction: Mapping[str, Any]

    def apply(self, tree: KeyedTree) -> KeyedTree:
        undo = self.correction["undo"]
        match self.correction["field"]:
            case "title":
                return self._change_title(tree, UUID(undo["key"]))
            case "after":
                return _move_back(tree, undo)
            case "requires":
                return _drop_requirement(tree, undo)
            case _:
                return _separate_concept(tree, undo)

    def _change_title(self, tree: KeyedTree, key: UUID) -> KeyedTree:
        node = tree.get_node(key)
        if node.title != self.correction["new"]:
            raise NotTakenBack(f"The title is now {node.title!r}, not the one that the correction gave.")
        return ChangeField(key=key, field="title", value=self.correction["old"]).apply(tree)


def _move_back(tree: KeyedTree, undo: Mapping[str, Any]) -> KeyedTree:
    lesson = tree.get_node(UUID(undo["key"]))
    if lesson.locks.place:
        raise NotTakenBack(f"{lesson.title!r} was moved since.")
    if undo["parent"] is None:
        raise NotTakenBack(
            f"The module of {lesson.title!r} had no other lesson, and is gone.",
            next_step="Add a module, and move the lesson there.",
        )
    parent = tree.get_node(UUID(undo["parent"]))
    return MoveNode(key=lesson.key, parent=parent.key, position=_find_position(parent, lesson.key, undo)).apply(tree)


def _find_position(parent: KeyedNode, key: UUID, undo: Mapping[str, Any]) -> int:
    """Return the place behind the child that was before: at the beginning without one, at the end when it is gone."""
    others = [child for child in parent.children if child != key]
    if undo["behind"] is None:
        return 0
    behind = UUID(undo["behind"])
    return others.index(behind) + 1 if behind in others else len(others)


def _drop_requirement(tree: KeyedTree, undo: Mapping[str, Any]) -> KeyedTree:
    lesson = tree.get_node(UUID(undo["key"]))
    there = [each for each in lesson.fields.get("prerequisites", ()) if isinstance(each, KeyedPrerequisite)]  # type: ignore[union-attr]  # a list, whatever its items
    kept = [each for each in there if (each.term, str(each.lesson)) != (undo["term"], undo["lesson"])]
    if len(kept) == len(there):
        raise NotTakenBack(f"{lesson.title!r} does not require {undo['term']!r} from that lesson.")
    value = [encode_prerequisite(each) for each in kept]
    return ChangeField(key=lesson.key, field="prerequisites", value=value).apply(tree)


def _separate_concept(tree: KeyedTree, undo: Mapping[str, Any]) -> KeyedTree:
    key, into_key = UUID(undo["key"]), UUID(undo["into"])
    if key in tree.nodes or key in tree.retired:
        raise NotTakenBack(f"The concept {undo['title']!r} was made separate again already.")
    if into_key not in tree.nodes and into_key not in tree.retired:
        raise NotTakenBack(
            "A later correction merged the other concept as well.", next_step="Take that correction back first."
        )
    into, lesson = tree.get_node(into_key), tree.get_node(UUID(undo["parent"]))
    references = tuple(map(decode_reference, undo["references"]))
    added = AddNode(
        key=key,
        node_type=NodeType.CONCEPT,
        parent=lesson.key,
        title=undo["title"],
        position=_find_position(lesson, key, undo),
        fields={"description": undo["description"], "examples": undo["examples"]},
        # Two chunks of one place may hold the same words.
        references=tuple({reference.identity: reference for reference in references}.values()),
    ).apply(tree)
    gained = frozenset(references[at].identity for at in undo["gained_references"])
    return added.replace_nodes([_take_away(into, undo, gained)])


def _take_away(into: KeyedNode, undo: Mapping[str, Any], gained: frozenset[ReferenceIdentity]) -> KeyedNode:
    """Return the concept without what it had only from the other one, but with what a person has said there since."""
    removed = gained & {reference.identity for reference in into.references} - into.locks.references_added
    values: dict[str, FieldValue] = {}
    if not into.locks_field("examples"):
        examples = tuple(each for each in _list_examples(into) if each not in undo["gained_examples"])
        values |= {"examples": examples} if examples != into.get_field("examples") else {}
    if undo["gained_description"] and into.get_field("description") == undo["description"] != "":
        values["description"] = ""
    return replace(
        into.set_fields(values),
        references=tuple(each for each in into.references if each.identity not in removed),
        locks=replace(
            into.locks,
            fields=into.locks.fields | values.keys(),
            references_removed=into.locks.references_removed | removed,
        ),
    )


def _list_examples(node: KeyedNode) -> list[str]:
    return [each for each in node.get_field("examples") if isinstance(each, str)]  # type: ignore[union-attr]  # the kind of this field
