from django.apps import AppConfig


class StreamsConfig(AppConfig):
    """The process that holds requests which wait: event streams and long polls. It has no tables."""

    name = "project.streams"
