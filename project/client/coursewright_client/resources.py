"""All operations of the client."""

from __future__ import annotations

from .account import AccountResources
from .event_streams import StreamResources
from .events import EventResources
from .keys import KeyResources
from .materials import MaterialResources
from .structures import StructureResources
from .uploads import UploadResources


class Resources(
    AccountResources,
    EventResources,
    KeyResources,
    MaterialResources,
    UploadResources,
    StructureResources,
    StreamResources,
):
    """What both clients can do."""
