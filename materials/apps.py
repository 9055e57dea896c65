from django.apps import AppConfig

from materials import sites as sites  # registers its system check
from materials.job_kinds import (
    CHECK_ADDRESS,
    DESCRIBE_ENTRY,
    IMPORT_ARCHIVE,
    INGEST_ADDRESS,
    INGEST_ENTRY,
    INGEST_RECORDING,
    VERIFY_UPLOAD,
    WATCH_RECORDING,
)
from project.jobs import chores, kinds
from project.storage import checks as checks  # registers its system checks


class MaterialsConfig(AppConfig):
    """What goes in: the node tree, its entries and their chunks."""

    name = "materials"

    def ready(self) -> None:
        kinds.register(INGEST_ENTRY, work="materials.tasks.ingest_entry")
        kinds.register(INGEST_ADDRESS, work="materials.tasks.ingest_address")
        kinds.register(CHECK_ADDRESS, work="materials.tasks.check_address")
        kinds.register(INGEST_RECORDING, work="materials.tasks.ingest_recording", room="heavy")
        kinds.register(IMPORT_ARCHIVE, work="materials.tasks.import_archive")
        kinds.register(WATCH_RECORDING, work="materials.tasks.watch_recording", room="heavy")
        kinds.register(DESCRIBE_ENTRY, work="materials.tasks.describe_entry", room="heavy")
        kinds.register(VERIFY_UPLOAD, work="materials.tasks.verify_upload")
        chores.register("materials.tasks.remove_objects")
        chores.register("materials.tasks.sweep_uploads")
        chores.register("materials.tasks.release_old_archives")
