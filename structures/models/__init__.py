"""The tables of structures, one module a noun. Import them from here."""

from structures.models.snapshots import (
    EDITED_BASIS,
    EDITED_ENGINE,
    CachedAnswer,
    Reference,
    SharedLink,
    SnapshotSource,
    StructureNode,
    StructureSnapshot,
)
from structures.models.working_copies import (
    CopyStatus,
    EditConflictRow,
    EditRecord,
    WorkingCopy,
    WorkingNode,
)

__all__ = [
    "EDITED_BASIS",
    "EDITED_ENGINE",
    "CachedAnswer",
    "CopyStatus",
    "EditConflictRow",
    "EditRecord",
    "Reference",
    "SharedLink",
    "SnapshotSource",
    "StructureNode",
    "StructureSnapshot",
    "WorkingCopy",
    "WorkingNode",
]
