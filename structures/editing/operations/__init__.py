"""What a person can do to a working copy: each operation is a frozen value with `apply(tree)`."""

from structures.editing.operations.base import ALLOWED_CHILDREN, Operation, PerformedEdit, perform_operation
from structures.editing.operations.content import AddNote, ChangeField
from structures.editing.operations.corrections import RefuseCorrection
from structures.editing.operations.division import MergeNodes, SplitNode
from structures.editing.operations.evidence import AddReference, RemoveReference
from structures.editing.operations.nodes import AddNode, DeleteNode, MoveNode, ReorderChildren

__all__ = [
    "ALLOWED_CHILDREN",
    "AddNode",
    "AddNote",
    "AddReference",
    "ChangeField",
    "DeleteNode",
    "MergeNodes",
    "MoveNode",
    "Operation",
    "PerformedEdit",
    "RefuseCorrection",
    "RemoveReference",
    "ReorderChildren",
    "SplitNode",
    "perform_operation",
]
