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
from project.jobs import job_kinds, periodic_tasks
from project.storage import checks as checks  # registers its system checks


class MaterialsConfig(AppConfig):
    """What goes in: the node tree, its entries and their chunks."""

    name = "materials"

    def ready(self) -> None:
        job_kinds.register(INGEST_ENTRY, work="materials.tasks.ingest_entry")
        job_kinds.register(INGEST_ADDRESS, work="materials.tasks.ingest_address")
        job_kinds.register(CHECK_ADDRESS, work="materials.tasks.check_address")
        job_kinds.register(INGEST_RECORDING, work="materials.tasks.ingest_recording", room="heavy")
        job_kinds.register(IMPORT_ARCHIVE, work="materials.tasks.import_archive")
        job_kinds.register(WATCH_RECORDING, work="materials.tasks.watch_recording", room="heavy")
        job_kinds.register(DESCRIBE_ENTRY, work="materials.tasks.describe_entry", room="heavy")
        job_kinds.register(VERIFY_UPLOAD, work="materials.tasks.verify_upload")
        periodic_tasks.register("materials.tasks.remove_objects")
        periodic_tasks.register("materials.tasks.sweep_uploads")
        periodic_tasks.register("materials.tasks.release_old_archives")
