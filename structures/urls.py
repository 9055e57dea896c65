"""The routes of structures."""

from django.urls import path

from structures.comments.views import CommentThreadViewSet, NodeCommentsViewSet
from structures.course_page.views import CoursePageViewSet
from structures.differences.views import CopyDifferenceViewSet, SnapshotDifferenceViewSet
from structures.export_files.views import (
    ExportFileViewSet,
    ExportFormatsView,
    ExportFormatView,
    ExportViewSet,
    SnapshotExportViewSet,
)
from structures.generation.views import GenerationDraftViewSet, NodeStructureViewSet
from structures.node_status.views import NodeEventsViewSet, NodeStatusViewSet
from structures.reviews.views import PublicationViewSet, ReviewEventViewSet, SnapshotReviewViewSet
from structures.shared_links.views import PublicationLinkViewSet, SnapshotLinkViewSet
from structures.staleness.views import CourseTreeViewSet
from structures.tree_changes.views import NodeTreeChangesViewSet, TreeChangeViewSet
from structures.views import SnapshotViewSet
from structures.working_copies.views import NodeCopiesViewSet, WorkingCopyViewSet

urlpatterns = [
    path("nodes/<uuid:pk>/status", NodeStatusViewSet.as_view({"get": "retrieve_status"}), name="node-status"),
    path("nodes/<uuid:pk>/events", NodeEventsViewSet.as_view({"get": "stream_events"}), name="node-events"),
    path("nodes/<uuid:pk>/tree", CourseTreeViewSet.as_view({"get": "retrieve_tree"}), name="node-tree"),
    path(
        "nodes/<uuid:pk>/generate", NodeStructureViewSet.as_view({"post": "generate_structure"}), name="node-generate"
    ),
    path(
        "nodes/<uuid:pk>/generation-plan",
        NodeStructureViewSet.as_view({"get": "plan_generation"}),
        name="node-generation-plan",
    ),
    path("jobs/<uuid:pk>/draft", GenerationDraftViewSet.as_view({"get": "retrieve_draft"}), name="job-draft"),
    path("nodes/<uuid:pk>/structure", SnapshotViewSet.as_view({"get": "retrieve_default"}), name="node-structure"),
    path("nodes/<uuid:pk>/snapshots", NodeStructureViewSet.as_view({"get": "list_snapshots"}), name="node-snapshots"),
    path(
        "nodes/<uuid:pk>/comments",
        NodeCommentsViewSet.as_view({"get": "list_threads", "post": "start"}),
        name="node-comments",
    ),
    path("comment-threads/<uuid:pk>", CommentThreadViewSet.as_view({"get": "retrieve"}), name="comment-thread"),
    path(
        "comment-threads/<uuid:pk>/comments",
        CommentThreadViewSet.as_view({"get": "list_comments", "post": "reply"}),
        name="comment-thread-comments",
    ),
    path(
        "comment-threads/<uuid:pk>/resolve",
        CommentThreadViewSet.as_view({"post": "resolve"}),
        name="comment-thread-resolve",
    ),
    path(
        "comment-threads/<uuid:pk>/reopen",
        CommentThreadViewSet.as_view({"post": "reopen"}),
        name="comment-thread-reopen",
    ),
    path("nodes/<uuid:pk>/reviews", ReviewEventViewSet.as_view({"get": "list"}), name="node-reviews"),
    path(
        "nodes/<uuid:pk>/publication",
        PublicationViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="node-publication",
    ),
    path("snapshots/<uuid:pk>/approve", SnapshotReviewViewSet.as_view({"post": "approve"}), name="snapshot-approve"),
    path("snapshots/<uuid:pk>/publish", SnapshotReviewViewSet.as_view({"post": "publish"}), name="snapshot-publish"),
    path("snapshots/<uuid:pk>/apply", NodeTreeChangesViewSet.as_view({"post": "apply"}), name="snapshot-apply"),
    path("nodes/<uuid:pk>/tree-changes", NodeTreeChangesViewSet.as_view({"get": "list"}), name="node-tree-changes"),
    path("tree-changes/<uuid:pk>", TreeChangeViewSet.as_view({"get": "retrieve"}), name="tree-change"),
    path("tree-changes/<uuid:pk>/undo", TreeChangeViewSet.as_view({"post": "undo"}), name="tree-change-undo"),
    path("snapshots/<uuid:pk>", SnapshotViewSet.as_view({"get": "retrieve"}), name="snapshot"),
    path("export-formats", ExportFormatsView.as_view(), name="export-formats"),
    path("export-formats/<slug:name>", ExportFormatView.as_view(), name="export-format"),
    path(
        "snapshots/<uuid:pk>/exports",
        SnapshotExportViewSet.as_view({"get": "list", "post": "create"}),
        name="snapshot-exports",
    ),
    path("exports/<uuid:pk>", ExportViewSet.as_view({"get": "retrieve", "delete": "destroy"}), name="export"),
    path("exports/<uuid:pk>/download", ExportViewSet.as_view({"get": "get_download_url"}), name="export-download"),
    path("exports/<uuid:pk>/file", ExportFileViewSet.as_view({"get": "download_file"}), name="export-file"),
    path(
        "snapshots/<uuid:pk>/differences",
        SnapshotDifferenceViewSet.as_view({"get": "compare"}),
        name="snapshot-differences",
    ),
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
        "snapshots/<uuid:pk>/evidence/<uuid:reference>/captions",
        CoursePageViewSet.as_view({"get": "retrieve_captions"}),
        name="snapshot-captions",
    ),
    path(
        "snapshots/<uuid:pk>/evidence/<uuid:reference>/picture",
        CoursePageViewSet.as_view({"get": "retrieve_picture"}),
        name="snapshot-picture",
    ),
    path(
        "snapshots/<uuid:pk>/links",
        SnapshotLinkViewSet.as_view({"get": "list", "post": "create"}),
        name="snapshot-links",
    ),
    path(
        "nodes/<uuid:pk>/links",
        PublicationLinkViewSet.as_view({"get": "list", "post": "create"}),
        name="publication-links",
    ),
    path(
        "nodes/<uuid:pk>/links/<uuid:link>",
        PublicationLinkViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="publication-link",
    ),
    path(
        "snapshots/<uuid:pk>/links/<uuid:link>",
        SnapshotLinkViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="snapshot-link",
    ),
    path(
        "snapshots/<uuid:pk>/working-copy",
        NodeCopiesViewSet.as_view({"post": "create_from_snapshot"}),
        name="snapshot-working-copy",
    ),
    path("nodes/<uuid:pk>/working-copies", NodeCopiesViewSet.as_view({"get": "list_copies"}), name="working-copies"),
    path(
        "working-copies/<uuid:pk>",
        WorkingCopyViewSet.as_view({"get": "retrieve", "delete": "destroy"}),
        name="working-copy",
    ),
    path(
        "working-copies/<uuid:pk>/differences",
        CopyDifferenceViewSet.as_view({"get": "compare"}),
        name="working-copy-differences",
    ),
    path("working-copies/<uuid:pk>/edits", WorkingCopyViewSet.as_view({"post": "edit"}), name="working-copy-edits"),
    path("working-copies/<uuid:pk>/undo", WorkingCopyViewSet.as_view({"post": "undo"}), name="working-copy-undo"),
    path("working-copies/<uuid:pk>/redo", WorkingCopyViewSet.as_view({"post": "redo"}), name="working-copy-redo"),
    path(
        "working-copies/<uuid:pk>/history",
        WorkingCopyViewSet.as_view({"get": "list_history"}),
        name="working-copy-history",
    ),
    path(
        "working-copies/<uuid:pk>/history/<int:number>",
        WorkingCopyViewSet.as_view({"get": "retrieve_step"}),
        name="working-copy-step",
    ),
    path("working-copies/<uuid:pk>/rebase", WorkingCopyViewSet.as_view({"post": "rebase"}), name="working-copy-rebase"),
    path(
        "working-copies/<uuid:pk>/conflicts",
        WorkingCopyViewSet.as_view({"get": "list_conflicts", "post": "decide_all"}),
        name="working-copy-conflicts",
    ),
    path(
        "working-copies/<uuid:pk>/conflicts/<uuid:conflict>",
        WorkingCopyViewSet.as_view({"post": "decide_one"}),
        name="working-copy-conflict",
    ),
    path("working-copies/<uuid:pk>/submit", WorkingCopyViewSet.as_view({"post": "submit"}), name="working-copy-submit"),
    path(
        "working-copies/<uuid:pk>/withdraw",
        WorkingCopyViewSet.as_view({"post": "withdraw"}),
        name="working-copy-withdraw",
    ),
    path(
        "working-copies/<uuid:pk>/approve", WorkingCopyViewSet.as_view({"post": "approve"}), name="working-copy-approve"
    ),
]
