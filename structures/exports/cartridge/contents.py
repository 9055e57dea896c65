"""What a cartridge holds, in order: folders, and pages, topics and quizzes with the files that they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from structures.engines.base.drafts import NodeType
from structures.exports.base import ExportedNode
from structures.exports.choice_tasks import ChoiceTask, find_choice_task


class Kind(StrEnum):
    """What an item of a cartridge leads to. The values begin identifiers, which stay in later versions of a format."""

    FOLDER = "folder"
    PAGE = "page"
    TOPIC = "topic"
    QUIZ = "quiz"


@dataclass(frozen=True, kw_only=True)
class CartridgeItem:
    """One item, made of a node. `choices` are of a quiz. A lesson that holds exercises is a folder and a page in it."""

    kind: Kind
    node: ExportedNode
    choices: ChoiceTask | None = None

    @property
    def identifier(self) -> str:
        """Return the name of the item, which follows from the node's key."""
        return f"{self.kind}-{self.node.row.key}"

    @property
    def resource_identifier(self) -> str:
        """Return the name of its resource. Learning platforms know by it, in a later cartridge, what they have."""
        # An exercise whose choices become known is a quiz, and no longer the topic that people have answered in.
        return f"resource-{self.identifier}"

    @property
    def path(self) -> str:
        folder, suffix = {Kind.PAGE: ("pages", "html"), Kind.TOPIC: ("topics", "xml"), Kind.QUIZ: ("quizzes", "xml")}[
            self.kind
        ]
        return f"{folder}/{self.node.row.key}.{suffix}"


def walk_items(modules: Sequence[ExportedNode]) -> Iterator[CartridgeItem | None]:
    """Yield the items in order, parents first; None ends the folder that was begun last."""
    pending: list[CartridgeItem | ExportedNode | None] = list(reversed(modules))
    while pending:
        each = pending.pop()
        if each is None or isinstance(each, CartridgeItem):
            yield each
            continue
        inside = [child for child in each.children if child.node_type is not NodeType.CONCEPT]
        if each.node_type is NodeType.EXERCISE:
            yield _build_exercise(each)
        elif each.node_type is NodeType.LESSON and not inside:
            yield CartridgeItem(kind=Kind.PAGE, node=each)
        elif each.node_type is not NodeType.CONCEPT:
            yield CartridgeItem(kind=Kind.FOLDER, node=each)
            own = [CartridgeItem(kind=Kind.PAGE, node=each)] if each.node_type is NodeType.LESSON else []
            pending += [None, *reversed(inside), *own]


def list_resources(modules: Sequence[ExportedNode]) -> Iterator[CartridgeItem]:
    """Yield the items that are files, in order."""
    for item in walk_items(modules):
        if item is not None and item.kind is not Kind.FOLDER:
            yield item


def _build_exercise(exercise: ExportedNode) -> CartridgeItem:
    choices = find_choice_task(exercise)
    return CartridgeItem(kind=Kind.QUIZ if choices else Kind.TOPIC, node=exercise, choices=choices)
