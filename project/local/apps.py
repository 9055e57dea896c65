from django.apps import AppConfig


class LocalConfig(AppConfig):
    """The whole system on one machine: its servers and worker as child processes, and commands that use them."""

    name = "project.local"
    label = "local"
