"""The routes of materials."""

from django.urls import path

from materials.views import EntryViewSet, NodeEntryViewSet, NodeViewSet

urlpatterns = [
    path("nodes", NodeViewSet.as_view({"get": "list", "post": "create"}), name="nodes"),
    path(
        "nodes/<uuid:pk>",
        NodeViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="node",
    ),
    path("nodes/<uuid:pk>/tree", NodeViewSet.as_view({"get": "tree"}), name="node-tree"),
    path("nodes/<uuid:pk>/move", NodeViewSet.as_view({"post": "move"}), name="node-move"),
    path("nodes/<uuid:pk>/reorder", NodeViewSet.as_view({"post": "reorder"}), name="node-reorder"),
    path("nodes/<uuid:pk>/copy", NodeViewSet.as_view({"post": "copy"}), name="node-copy"),
    path(
        "nodes/<uuid:pk>/entries",
        NodeEntryViewSet.as_view({"get": "list", "post": "create"}),
        name="node-entries",
    ),
    path(
        "entries/<uuid:pk>",
        EntryViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="entry",
    ),
    path("entries/<uuid:pk>/ingest", EntryViewSet.as_view({"post": "ingest"}), name="entry-ingest"),
    path("entries/<uuid:pk>/chunks", EntryViewSet.as_view({"get": "chunks"}), name="entry-chunks"),
]
