"""The tables of structures, one module a noun. Import them from here."""

from structures.models.exports import Export, ExportQuerySet
from structures.models.reviews import (
    Comment,
    CommentThread,
    Publication,
    ReviewAction,
    ReviewEvent,
)
from structures.models.snapshots import (
    EDITED_BASIS,
    EDITED_ENGINE,
    CachedAnswer,
    GenerationStep,
    Reference,
    SharedLink,
    SnapshotSource,
    StepState,
    StructureNode,
    StructureSnapshot,
    StructureSnapshotQuerySet,
    get_reference_locator_columns,
    read_reference_locator,
)
from structures.models.tree_changes import AppliedNode, TreeChange, TreeChangeState
from structures.models.working_copies import (
    CopyStatus,
    EditConflictRow,
    EditRecord,
    ReviewState,
    WorkingCopy,
    WorkingNode,
)

__all__ = [
    "EDITED_BASIS",
    "EDITED_ENGINE",
    "AppliedNode",
    "CachedAnswer",
    "Comment",
    "CommentThread",
    "CopyStatus",
    "EditConflictRow",
    "EditRecord",
    "Export",
    "ExportQuerySet",
    "GenerationStep",
    "Publication",
    "Reference",
    "ReviewAction",
    "ReviewEvent",
    "ReviewState",
    "SharedLink",
    "SnapshotSource",
    "StepState",
    "StructureNode",
    "StructureSnapshot",
    "StructureSnapshotQuerySet",
    "TreeChange",
    "TreeChangeState",
    "WorkingCopy",
    "WorkingNode",
    "get_reference_locator_columns",
    "read_reference_locator",
]
