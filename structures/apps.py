from django.apps import AppConfig

from project.jobs import job_kinds
from structures import checks as checks  # registers its system check
from structures.job_kinds import GENERATE_STRUCTURE


class StructuresConfig(AppConfig):
    """Snapshots of course structures, the engines that make them, and their evidence."""

    name = "structures"

    def ready(self) -> None:
        job_kinds.register_job_kind(GENERATE_STRUCTURE, function_path="structures.tasks.generate_structure")
