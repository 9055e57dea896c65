from django.apps import AppConfig

from materials.kinds import INGEST_ENTRY
from project.jobs import kinds


class MaterialsConfig(AppConfig):
    """What goes in: the node tree, its entries and their chunks."""

    name = "materials"

    def ready(self) -> None:
        kinds.register(INGEST_ENTRY, work="materials.tasks.ingest_entry")
