"""The routes of structures."""

from django.urls import path

from structures.generation.views import NodeStructureViewSet
from structures.staleness.views import CourseTreeViewSet
from structures.views import SnapshotViewSet

urlpatterns = [
    path("nodes/<uuid:pk>/tree", CourseTreeViewSet.as_view({"get": "retrieve_tree"}), name="node-tree"),
    path(
        "nodes/<uuid:pk>/generate", NodeStructureViewSet.as_view({"post": "generate_structure"}), name="node-generate"
    ),
    path(
        "nodes/<uuid:pk>/generation-plan",
        NodeStructureViewSet.as_view({"get": "plan_generation"}),
        name="node-generation-plan",
    ),
    path("nodes/<uuid:pk>/structure", SnapshotViewSet.as_view({"get": "retrieve_latest"}), name="node-structure"),
    path("nodes/<uuid:pk>/snapshots", NodeStructureViewSet.as_view({"get": "list_snapshots"}), name="node-snapshots"),
    path("snapshots/<uuid:pk>", SnapshotViewSet.as_view({"get": "retrieve"}), name="snapshot"),
]
