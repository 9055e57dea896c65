"""The tables of structures, one module a noun. Import them from here."""

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
    Reference,
    SharedLink,
    SnapshotSource,
    StructureNode,
    StructureSnapshot,
    StructureSnapshotQuerySet,
)
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
    "CachedAnswer",
    "Comment",
    "CommentThread",
    "CopyStatus",
    "EditConflictRow",
    "EditRecord",
    "Publication",
    "Reference",
    "ReviewAction",
    "ReviewEvent",
    "ReviewState",
    "SharedLink",
    "SnapshotSource",
    "StructureNode",
    "StructureSnapshot",
    "StructureSnapshotQuerySet",
    "WorkingCopy",
    "WorkingNode",
]
