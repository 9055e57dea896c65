from django.apps import AppConfig


class LocalConfig(AppConfig):
    """The whole system on this machine: web and worker as child processes, a client, and the commands that use them."""

    name = "project.local"
    label = "local"
