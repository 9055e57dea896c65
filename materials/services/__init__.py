"""The verbs that change materials. Doors (views, tasks, admin, commands) call these and nothing below."""

from materials.services.arriving import Wanted
from materials.services.checking import check_address
from materials.services.corrections import correct_chunk, drop_correction
from materials.services.describing import describe_entry
from materials.services.downloading import download_of, safe_media_type
from materials.services.entries import add_address, add_file, delete_entry, update_entry
from materials.services.exporting import export_materials
from materials.services.fingerprinting import fingerprint_of
from materials.services.importing import import_archive, import_folder, request_import
from materials.services.ingestion import ingest_entry
from materials.services.links import ingest_address
from materials.services.mappings import (
    Batch,
    Claim,
    create_mappings,
    decide_mapping,
    delete_mapping,
    update_mapping,
)
from materials.services.promising import request_check, request_ingestion
from materials.services.recordings import ingest_recording
from materials.services.space import set_quota, usage_of
from materials.services.tree import copy_node, create_node, delete_node, move_node, reorder_node, update_node
from materials.services.uploads import abort_upload, complete_upload, open_upload, progress_of, receive_part
from materials.services.verifying import verify_upload
from materials.services.watching import watch_recording

__all__ = [
    "Batch",
    "Claim",
    "Wanted",
    "abort_upload",
    "add_address",
    "add_file",
    "check_address",
    "complete_upload",
    "copy_node",
    "correct_chunk",
    "create_mappings",
    "create_node",
    "decide_mapping",
    "delete_entry",
    "delete_mapping",
    "delete_node",
    "describe_entry",
    "download_of",
    "drop_correction",
    "export_materials",
    "fingerprint_of",
    "import_archive",
    "import_folder",
    "ingest_address",
    "ingest_entry",
    "ingest_recording",
    "move_node",
    "open_upload",
    "progress_of",
    "receive_part",
    "reorder_node",
    "request_check",
    "request_import",
    "request_ingestion",
    "safe_media_type",
    "set_quota",
    "update_entry",
    "update_mapping",
    "update_node",
    "usage_of",
    "verify_upload",
    "watch_recording",
]
