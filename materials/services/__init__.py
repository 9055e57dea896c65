"""The verbs that change materials. Doors (views, tasks, admin, commands) call these and nothing below."""

from materials.services.entries import add_address, add_file, delete_entry, update_entry
from materials.services.fingerprinting import fingerprint_of
from materials.services.ingestion import ingest_entry, request_ingestion
from materials.services.tree import copy_node, create_node, delete_node, move_node, reorder_node, update_node

__all__ = [
    "add_address",
    "add_file",
    "copy_node",
    "create_node",
    "delete_entry",
    "delete_node",
    "fingerprint_of",
    "ingest_entry",
    "move_node",
    "reorder_node",
    "request_ingestion",
    "update_entry",
    "update_node",
]
