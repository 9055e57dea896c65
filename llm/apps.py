from django.apps import AppConfig

from llm import checks as checks  # registers its system checks
from llm.sandbox.answers import register_sandbox_answer
from project.jobs.periodic_tasks import register_periodic_task


class LlmConfig(AppConfig):
    """The app that asks models: registry, router, providers, spending limits, and a row for every attempt."""

    name = "llm"

    def ready(self) -> None:
        register_periodic_task("llm.router.ledger.close_lost_calls")
        register_sandbox_answer("TranscribedClip", "llm.video.sandbox.answer_clip")
