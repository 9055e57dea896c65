from django.apps import AppConfig


class StructuresConfig(AppConfig):
    """What comes out: snapshots of course structures, their engines and their evidence."""

    name = "structures"
