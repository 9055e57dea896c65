"""JSON shape of how far the work at and below a node is."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from materials.models import EntryState
from project.jobs.models import JobStatus
from structures.node_status.queries import MAX_FAILURES, NodeStatus


class EntryCountsSerializer(serializers.Serializer[Any]):
    """How many entries are in each state."""

    total = serializers.IntegerField()
    raw = serializers.IntegerField()
    pending = serializers.IntegerField()
    ready = serializers.IntegerField()
    error = serializers.IntegerField()
    integrity_broken = serializers.IntegerField()


class JobCountsSerializer(serializers.Serializer[Any]):
    """How many jobs are in each state."""

    total = serializers.IntegerField()
    queued = serializers.IntegerField()
    active = serializers.IntegerField()
    complete = serializers.IntegerField()
    failed = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class NodeProgressSerializer(serializers.Serializer[Any]):
    """How many of the jobs have ended."""

    done = serializers.IntegerField()
    total = serializers.IntegerField()


class StageCountSerializer(serializers.Serializer[Any]):
    """The active jobs of one kind that are in one stage, and how far they are together."""

    kind = serializers.CharField()
    stage = serializers.CharField()
    jobs = serializers.IntegerField()
    done = serializers.IntegerField()
    total = serializers.IntegerField()


class JobFailureSerializer(serializers.Serializer[Any]):
    """A job that failed, and what to do about it."""

    job = serializers.UUIDField(source="job_id")
    kind = serializers.CharField()
    subject = serializers.UUIDField(source="subject_id")
    name = serializers.CharField(help_text="Of the entry; blank when the job works on something else.")
    code = serializers.CharField()
    message = serializers.CharField()
    next_step = serializers.CharField()
    finished_at = serializers.DateTimeField()


class FailureCountSerializer(serializers.Serializer[Any]):
    """How many jobs failed with one code."""

    code = serializers.CharField()
    count = serializers.IntegerField()


class NodeStatusSerializer(serializers.Serializer[Any]):
    """What there is at and below a node, and how far the work on it is.

    Of several jobs of one kind on one subject the newest counts alone: what was read again with success has not failed.
    """

    node = serializers.UUIDField(source="node_id")
    is_settled = serializers.BooleanField(help_text="No job is queued or active.")
    node_count = serializers.IntegerField(help_text="The node itself and all below it.")
    entries = EntryCountsSerializer()
    jobs = JobCountsSerializer()
    progress = NodeProgressSerializer()
    stages = StageCountSerializer(many=True)
    failure_counts = FailureCountSerializer(many=True)
    failures = JobFailureSerializer(many=True, help_text=f"The newest {MAX_FAILURES}.")
    estimated_end = serializers.DateTimeField(
        allow_null=True,
        help_text="When the last open job is expected to end; null without open jobs, or when nothing can be said of "
        "one of them.",
    )

    def to_representation(self, instance: NodeStatus) -> dict[str, Any]:
        total = sum(instance.jobs.values())
        return {
            "node": str(instance.node_id),
            "is_settled": instance.open_count == 0,
            "node_count": instance.node_count,
            "entries": {
                "total": sum(instance.entries.values()),
                **{state.value: instance.entries[state] for state in EntryState},
            },
            "jobs": {"total": total, **{status.value: instance.jobs[status] for status in JobStatus}},
            "progress": {"done": total - instance.open_count, "total": total},
            "stages": StageCountSerializer(instance.stages, many=True).data,
            "failure_counts": [{"code": code, "count": count} for code, count in instance.failure_counts.items()],
            "failures": JobFailureSerializer(instance.failures, many=True).data,
            "estimated_end": instance.estimated_end,
        }
