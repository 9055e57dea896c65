from django.apps import AppConfig

from materials.kinds import INGEST_ENTRY, INGEST_RECORDING, WATCH_RECORDING
from project.jobs import kinds


class MaterialsConfig(AppConfig):
    """What goes in: the node tree, its entries and their chunks."""

    name = "materials"

    def ready(self) -> None:
        kinds.register(INGEST_ENTRY, work="materials.tasks.ingest_entry")
        kinds.register(INGEST_RECORDING, work="materials.tasks.ingest_recording", room="heavy")
        kinds.register(WATCH_RECORDING, work="materials.tasks.watch_recording", room="heavy")
