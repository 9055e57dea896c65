from django.apps import AppConfig

from project.db import checks as checks  # registers its system check
from project.jobs import checks as job_checks  # noqa: F401  # likewise


class JobsConfig(AppConfig):
    """Background work: the job row is the truth; a message of the queue only wakes a worker."""

    name = "project.jobs"
    label = "jobs"
