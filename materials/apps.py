from django.apps import AppConfig


class MaterialsConfig(AppConfig):
    """What goes in: the node tree, its entries and their chunks."""

    name = "materials"
