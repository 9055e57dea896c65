from django.apps import AppConfig

from llm.sandbox.answers import register_sandbox_answer
from materials import sites as sites  # registers its system check
from materials.job_kinds import (
    CHECK_ADDRESS,
    DESCRIBE_ENTRY,
    EMBED_CHANGES,
    EMBED_NODE,
    IMPORT_ARCHIVE,
    INGEST_ADDRESS,
    INGEST_ENTRY,
    INGEST_RECORDING,
    VERIFY_UPLOAD,
    WATCH_RECORDING,
)
from materials.mappings.checks import check_office as check_office  # registers the system check
from materials.vector_extension import check_vector_extension as check_vector_extension  # the same
from project.jobs import job_kinds, periodic_tasks
from project.storage import checks as checks  # registers its system checks
from tenants import collections
from tenants.scopes import Scope


class MaterialsConfig(AppConfig):
    """The material tree: nodes, their entries, and the chunks that ingestion makes of them."""

    name = "materials"

    def ready(self) -> None:
        job_kinds.register_node_function("materials.queries.list_node_ids_below")
        collections.register_tree(
            select_ids_path="materials.queries.select_node_ids_below",
            filter_ids_path="materials.queries.filter_node_ids",
        )
        of_an_entry = ("entry__node",)
        collections.register_collection("nodes", model="materials.MaterialNode", node_columns=("pk",))
        collections.register_collection("entries", model="materials.MaterialEntry")
        collections.register_collection("chunks", model="materials.Chunk", node_columns=of_an_entry)
        collections.register_collection("corrections", model="materials.ChunkCorrection", node_columns=of_an_entry)
        collections.register_collection("frames", model="materials.KeyFrame", node_columns=of_an_entry)
        collections.register_collection("uploads", model="materials.Upload")
        collections.register_collection("imports", model="materials.MaterialImport")
        collections.register_collection(
            "mappings", model="materials.SlideVideoMapping", node_columns=("video__node", "presentation__node")
        )
        # Heavy are the jobs that keep a processor or a model busy for minutes. They have workers of their own, so that
        # a document never waits behind a lecture (docs/decisions/0028-two-queues.md).
        job_kinds.register_job_kind(
            INGEST_ENTRY,
            function_path="materials.tasks.ingest_entry",
            subjects_path="materials.job_subjects.select_entries",
            end_events_path="materials.job_events.list_failed_entries",
        )
        job_kinds.register_job_kind(
            INGEST_ADDRESS,
            function_path="materials.tasks.ingest_url",
            subjects_path="materials.job_subjects.select_entries",
            end_events_path="materials.job_events.list_failed_entries",
        )
        job_kinds.register_job_kind(
            CHECK_ADDRESS,
            function_path="materials.tasks.check_staleness",
            subjects_path="materials.job_subjects.select_entries",
        )
        job_kinds.register_job_kind(
            INGEST_RECORDING,
            function_path="materials.tasks.ingest_recording",
            queue="heavy",
            subjects_path="materials.job_subjects.select_entries",
            end_events_path="materials.job_events.list_failed_entries",
        )
        job_kinds.register_job_kind(
            IMPORT_ARCHIVE,
            function_path="materials.tasks.import_archive",
            subjects_path="materials.job_subjects.select_imports",
            end_events_path="materials.job_events.list_ended_imports",
        )
        job_kinds.register_job_kind(
            WATCH_RECORDING,
            function_path="materials.tasks.process_key_frames",
            queue="heavy",
            subjects_path="materials.job_subjects.select_entries",
        )
        job_kinds.register_job_kind(
            DESCRIBE_ENTRY,
            function_path="materials.tasks.describe_entry",
            queue="heavy",
            subjects_path="materials.job_subjects.select_entries",
            end_events_path="materials.job_events.list_failed_entries",
        )
        job_kinds.register_job_kind(
            EMBED_NODE,
            function_path="materials.tasks.embed_node",
            queue="heavy",
            start_scope=Scope.GENERATE,
            subjects_path="materials.job_subjects.select_nodes",
        )
        job_kinds.register_job_kind(
            EMBED_CHANGES, function_path="materials.tasks.embed_changes", queue="heavy", start_scope=Scope.GENERATE
        )
        job_kinds.register_job_kind(
            VERIFY_UPLOAD,
            function_path="materials.tasks.verify_upload",
            subjects_path="materials.job_subjects.select_uploads",
        )
        periodic_tasks.register_periodic_task("materials.tasks.remove_objects")
        periodic_tasks.register_periodic_task("materials.tasks.sweep_uploads")
        periodic_tasks.register_periodic_task("materials.tasks.release_old_archives")
        periodic_tasks.register_periodic_task("materials.tasks.announce_changed_courses")
        periodic_tasks.register_periodic_task("materials.tasks.wipe_sandboxes")
        register_sandbox_answer("ImageDescription", "materials.sandbox.answers.describe_picture")
