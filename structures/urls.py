"""The routes of structures."""

from django.urls import path

from structures.course_page.views import CoursePageViewSet
from structures.differences.views import DifferenceViewSet
from structures.generation.views import NodeStructureViewSet
from structures.shared_links.views import SharedLinkViewSet
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
    path("snapshots/<uuid:pk>/differences", DifferenceViewSet.as_view({"get": "compare"}), name="snapshot-differences"),
    path("snapshots/<uuid:pk>/page", CoursePageViewSet.as_view({"get": "retrieve_page"}), name="snapshot-page"),
    path(
        "snapshots/<uuid:pk>/evidence/<uuid:reference>",
        CoursePageViewSet.as_view({"get": "retrieve_evidence"}),
        name="snapshot-evidence",
    ),
    path(
        "snapshots/<uuid:pk>/evidence/<uuid:reference>/media",
        CoursePageViewSet.as_view({"get": "retrieve_media"}),
        name="snapshot-media",
    ),
    path(
        "snapshots/<uuid:pk>/evidence/<uuid:reference>/picture",
        CoursePageViewSet.as_view({"get": "retrieve_picture"}),
        name="snapshot-picture",
    ),
    path(
        "snapshots/<uuid:pk>/links",
        SharedLinkViewSet.as_view({"get": "list", "post": "create"}),
        name="snapshot-links",
    ),
    path(
        "snapshots/<uuid:pk>/links/<uuid:link>",
        SharedLinkViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="snapshot-link",
    ),
]
