from django.apps import AppConfig

from project.db import checks as checks  # registers its system check


class JobsConfig(AppConfig):
    """Work that was asked for: the job row is the truth, the queue only a bell."""

    name = "project.jobs"
    label = "jobs"
