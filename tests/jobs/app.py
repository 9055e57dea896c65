from django.apps import AppConfig

from project.jobs import job_kinds

WORK = (
    "leave_a_line",
    "work_slowly",
    "refuse",
    "break_down",
    "miss_the_store",
    "take_steps",
    "look_again",
    "lose_a_child",
    "run_out_of_time",
)


class TestJobsConfig(AppConfig):
    """Kinds of job for tests, known to worker processes too: each as a light one, and with `heavy_` as a heavy one."""

    name = "tests.jobs"
    label = "test_jobs"

    def ready(self) -> None:
        for name in WORK:
            job_kinds.register_job_kind(name, function_path=f"tests.jobs.kinds.{name}")
            job_kinds.register_job_kind(f"heavy_{name}", function_path=f"tests.jobs.kinds.{name}", queue="heavy")
