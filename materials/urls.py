"""The routes of materials."""

from django.urls import path

from materials.chunks.views import (
    ChunkViewSet,
    CorrectionViewSet,
    EntryTextViewSet,
    EntryTranscriptViewSet,
    NodeTextViewSet,
)
from materials.entries.views import EntryViewSet, NodeEntryViewSet
from materials.mappings.views import MappingViewSet, NodeMappingViewSet
from materials.objects.views import QuotaView, UsageView
from materials.recordings.views import EntryFrameViewSet, FrameViewSet
from materials.sandbox.views import SandboxView
from materials.transfer.views import ImportViewSet, NodeTransferViewSet
from materials.tree.views import NodeViewSet
from materials.uploads.views import DownloadViewSet, NodeUploadViewSet, SignedURLViewSet, UploadViewSet

urlpatterns = [
    path("nodes", NodeViewSet.as_view({"get": "list", "post": "create"}), name="nodes"),
    path(
        "nodes/<uuid:pk>",
        NodeViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="node",
    ),
    path("nodes/<uuid:pk>/move", NodeViewSet.as_view({"post": "move"}), name="node-move"),
    path("nodes/<uuid:pk>/reorder", NodeViewSet.as_view({"post": "reorder"}), name="node-reorder"),
    path("nodes/<uuid:pk>/copy", NodeViewSet.as_view({"post": "copy"}), name="node-copy"),
    path("nodes/<uuid:pk>/import", NodeTransferViewSet.as_view({"post": "request_import"}), name="node-import"),
    path("nodes/<uuid:pk>/materials.zip", NodeTransferViewSet.as_view({"get": "export_archive"}), name="node-export"),
    path("imports/<uuid:pk>", ImportViewSet.as_view({"get": "retrieve"}), name="import"),
    path("imports/<uuid:pk>/items", ImportViewSet.as_view({"get": "list_items"}), name="import-items"),
    path(
        "nodes/<uuid:pk>/entries",
        NodeEntryViewSet.as_view({"get": "list", "post": "create"}),
        name="node-entries",
    ),
    path("nodes/<uuid:pk>/uploads", NodeUploadViewSet.as_view({"post": "create"}), name="node-uploads"),
    path("uploads", UploadViewSet.as_view({"get": "list"}), name="uploads"),
    path("uploads/<uuid:pk>", UploadViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="upload"),
    path("uploads/<uuid:pk>/complete", UploadViewSet.as_view({"post": "complete"}), name="upload-complete"),
    path("uploads/<uuid:pk>/parts/<int:number>", SignedURLViewSet.as_view({"put": "put_part"}), name="upload-part"),
    path("sandbox", SandboxView.as_view(), name="sandbox"),
    path("usage", UsageView.as_view(), name="usage"),
    path("quota", QuotaView.as_view(), name="quota"),
    path(
        "entries/<uuid:pk>",
        EntryViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="entry",
    ),
    path("entries/<uuid:pk>/download", DownloadViewSet.as_view({"get": "get_download_url"}), name="entry-download"),
    path("entries/<uuid:pk>/file", SignedURLViewSet.as_view({"get": "download_file"}), name="entry-file"),
    path("entries/<uuid:pk>/ingest", EntryViewSet.as_view({"post": "request_ingestion"}), name="entry-ingest"),
    path("entries/<uuid:pk>/check", EntryViewSet.as_view({"post": "request_check"}), name="entry-check"),
    path("nodes/<uuid:pk>/search", NodeTextViewSet.as_view({"get": "search"}), name="node-search"),
    path("nodes/<uuid:pk>/vectors", NodeTextViewSet.as_view({"post": "request_embedding"}), name="node-vectors"),
    path("entries/<uuid:pk>/chunks", EntryTextViewSet.as_view({"get": "list_chunks"}), name="entry-chunks"),
    path(
        "entries/<uuid:pk>/corrections", EntryTextViewSet.as_view({"get": "list_corrections"}), name="entry-corrections"
    ),
    path("entries/<uuid:pk>/left-out", EntryTextViewSet.as_view({"get": "list_left_out"}), name="entry-left-out"),
    path("entries/<uuid:pk>/transcript", EntryTranscriptViewSet.as_view({"get": "download"}), name="entry-transcript"),
    path("entries/<uuid:pk>/markdown", EntryTextViewSet.as_view({"get": "download_markdown"}), name="entry-markdown"),
    path("chunks/<uuid:pk>", ChunkViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="chunk"),
    path("corrections/<uuid:pk>", CorrectionViewSet.as_view({"delete": "destroy"}), name="correction"),
    path("entries/<uuid:pk>/frames", EntryFrameViewSet.as_view({"get": "list"}), name="entry-frames"),
    path("frames/<uuid:pk>/picture", FrameViewSet.as_view({"get": "retrieve_picture"}), name="frame-picture"),
    path(
        "nodes/<uuid:pk>/mappings",
        NodeMappingViewSet.as_view({"get": "list", "post": "create"}),
        name="node-mappings",
    ),
    path(
        "mappings/<uuid:pk>",
        MappingViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="mapping",
    ),
    path("mappings/<uuid:pk>/accept", MappingViewSet.as_view({"post": "accept"}), name="mapping-accept"),
    path("mappings/<uuid:pk>/reject", MappingViewSet.as_view({"post": "reject"}), name="mapping-reject"),
]
