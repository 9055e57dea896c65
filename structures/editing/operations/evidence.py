"""Operations on the references of a node. That the quotes stand where they should is checked where chunks are known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from structures.editing.errors import InvalidValue, LimitExceeded, ReferenceMismatch, WrongPlace
from structures.editing.references import ReferenceIdentity, TreeReference
from structures.editing.texts import check_length, require_text
from structures.editing.trees import KeyedTree

MAX_REFERENCES = 500
MAX_QUOTE = 100_000


@dataclass(frozen=True, kw_only=True)
class AddReference:
    """Add evidence to a node, behind what it has."""

    key: UUID
    reference: TreeReference

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node = tree.get_node(self.key)
        if node.node_type is None:
            raise WrongPlace(
                "The course itself has no references.", code="is_course", next_step="Add it to a node below the course."
            )
        check_references((*node.references, self.reference))
        identity = self.reference.identity
        locks = replace(
            node.locks,
            references_added=node.locks.references_added | {identity},
            references_removed=node.locks.references_removed - {identity},
        )
        return tree.replace_nodes([replace(node, references=(*node.references, self.reference), locks=locks)])


@dataclass(frozen=True, kw_only=True)
class RemoveReference:
    """Take evidence away from a node."""

    key: UUID
    identity: ReferenceIdentity

    def apply(self, tree: KeyedTree) -> KeyedTree:
        node = tree.get_node(self.key)
        left = tuple(reference for reference in node.references if reference.identity != self.identity)
        if len(left) == len(node.references):
            raise ReferenceMismatch(f"{node.title!r} has no such reference.")
        locks = replace(
            node.locks,
            references_added=node.locks.references_added - {self.identity},
            references_removed=node.locks.references_removed | {self.identity},
        )
        return tree.replace_nodes([replace(node, references=left, locks=locks)])


def check_references(references: Sequence[TreeReference]) -> None:
    """Raise EditRefused unless these may be a node's references: not too many, each once, the last with a quote.

    Only the last one is new, or all are; what an engine found may be longer.
    """
    if len(references) > MAX_REFERENCES:
        raise LimitExceeded(f"The node would have {len(references)} references; {MAX_REFERENCES} are allowed.")
    if len({reference.identity for reference in references}) < len(references):
        raise ReferenceMismatch("The node has this reference already: same entry, place and quote.")
    for reference in references[-1:]:
        check_length("A quote", require_text("A quote", reference.quote), limit=MAX_QUOTE)
        if not reference.quote.strip():
            raise InvalidValue("A reference must have a quote.")
