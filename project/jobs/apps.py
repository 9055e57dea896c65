from django.apps import AppConfig

from project.db import checks as checks  # registers its system check
from project.jobs import checks as job_checks  # noqa: F401  # likewise
from project.jobs.periodic_tasks import register_periodic_task
from tenants.collections import register_collection


class JobsConfig(AppConfig):
    """Background work: the job row is the truth; a message of the queue only wakes a worker."""

    name = "project.jobs"
    label = "jobs"

    def ready(self) -> None:
        register_collection(
            "jobs",
            model="jobs.Job",
            subject_column="subject_id",
            condition_path="project.jobs.access.build_restriction",
        )
        # Of tenants, which is below jobs and cannot register them.
        register_periodic_task("tenants.idempotency.delete_old_requests")
        register_periodic_task("tenants.expiring_keys.announce_expiring_keys")
        register_periodic_task("tenants.events.retention.maintain_log")
        register_periodic_task("tenants.webhooks.retention.delete_old_deliveries")
