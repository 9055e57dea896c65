from django.apps import AppConfig


class JobsConfig(AppConfig):
    """Work that was asked for: the job row is the truth, the queue only a bell."""

    name = "project.jobs"
    label = "jobs"
