from django.apps import AppConfig

from llm import checks as checks  # registers its system checks


class LlmConfig(AppConfig):
    """The app that asks models: registry, router, providers, spending limits, and a row for every attempt."""

    name = "llm"
