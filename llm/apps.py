from django.apps import AppConfig

from llm import checks as checks  # registers its system checks


class LlmConfig(AppConfig):
    """How models are asked: registry, router, providers, budgets, and a row for every attempt."""

    name = "llm"
