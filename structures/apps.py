from django.apps import AppConfig

from llm.sandbox.answers import register_sandbox_answer
from materials.objects.removal_registry import register_node_objects
from project.jobs import job_kinds
from project.jobs.periodic_tasks import register_periodic_task
from structures import checks as checks  # registers its system check
from structures.job_kinds import EXPORT_SNAPSHOT, GENERATE_STRUCTURE, PREVIEW_REBASE, REBASE_WORKING_COPY, SETTLE_BATCH
from tenants import collections
from tenants.scopes import Scope

_ANSWERS = "structures.engines.llm.sandbox_answers"


class StructuresConfig(AppConfig):
    """Snapshots of course structures, the engines that make them, and their evidence."""

    name = "structures"

    def ready(self) -> None:
        collections.register_collection("snapshots", model="structures.StructureSnapshot")
        collections.register_collection("working-copies", model="structures.WorkingCopy")
        collections.register_collection("exports", model="structures.Export", node_columns=("snapshot__node",))
        collections.register_collection("comment-threads", model="structures.CommentThread")
        collections.register_collection("tree-changes", model="structures.TreeChange")
        register_periodic_task("structures.tasks.delete_unused_answers")
        register_periodic_task("structures.tasks.delete_unused_exports")
        register_sandbox_answer("LessonDetailsAnswer", f"{_ANSWERS}.answer_lesson")
        register_sandbox_answer("LessonsAnswer", f"{_ANSWERS}.answer_lessons")
        register_sandbox_answer("ReconciliationAnswer", f"{_ANSWERS}.answer_course")
        register_sandbox_answer("JudgementAnswer", f"{_ANSWERS}.answer_judgement")
        register_node_objects("structures.tasks.list_export_keys")
        register_periodic_task("structures.tasks.submit_settlements")
        job_kinds.register_job_kind(
            GENERATE_STRUCTURE,
            function_path="structures.tasks.generate_structure",
            start_scope=Scope.GENERATE,
            subjects_path="materials.job_subjects.select_nodes",
        )
        job_kinds.register_job_kind(SETTLE_BATCH, function_path="structures.tasks.settle_abandoned_batch")
        # Seconds, which somebody waits for: the light queue. They tell of working copies, which are drafts.
        job_kinds.register_job_kind(
            REBASE_WORKING_COPY,
            function_path="structures.tasks.rebase_working_copy",
            subjects_path="structures.job_subjects.select_working_copies",
            read_scope=Scope.PREP,
        )
        job_kinds.register_job_kind(
            PREVIEW_REBASE,
            function_path="structures.tasks.preview_rebase",
            subjects_path="structures.job_subjects.select_working_copies",
            read_scope=Scope.PREP,
        )
        # Seconds of a processor. It tells the id of an export, which opens to those alone who may read its snapshot.
        job_kinds.register_job_kind(
            EXPORT_SNAPSHOT,
            function_path="structures.tasks.export_snapshot",
            subjects_path="structures.job_subjects.select_exports",
            start_scope=Scope.EXPORT,
        )
