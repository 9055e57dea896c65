"""REST endpoints of generations."""

from __future__ import annotations

from typing import ClassVar
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import paginated_response, validated, validated_query
from project.http.schema import declare_problems
from project.jobs.serializers import JobSerializer
from project.jobs.views import accepted_response
from structures.generation.planning import plan_generation
from structures.generation.serializers import (
    GenerateSerializer,
    GenerationDraftSerializer,
    PlanQuerySerializer,
    PlanSerializer,
    build_options,
)
from structures.generation.services import request_generation
from structures.generation.steps import build_job_draft
from structures.models import StructureSnapshot
from structures.problem_codes import GENERATION_CODES
from structures.queries import list_snapshots
from structures.reviews.access import get_readable_snapshot, may_see_drafts
from structures.reviews.queries import with_approvals
from structures.serializers import SnapshotSerializer, SnapshotSummarySerializer
from structures.views import snapshot_response
from tenants.idempotency import IdempotentActions
from tenants.requests import get_tenant
from tenants.scopes import Scope


class NodeStructureViewSet(IdempotentActions, viewsets.GenericViewSet[StructureSnapshot]):
    """The structures of one material node."""

    # Empty, here and in all view sets: rows come from queries that take the tenant, and a forgotten filter then yields
    # nothing rather than everything (docs/decisions/0005-tenants-are-passed.md).
    queryset = StructureSnapshot.objects.none()
    serializer_class = SnapshotSummarySerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    action_scopes: ClassVar = {"generate_structure": Scope.GENERATE}

    @declare_problems(
        *GENERATION_CODES,
        "budget_exceeded",
        "generation_running",
        "job_already_open",
        "prompt_broken",
        "unknown_action",
    )
    @extend_schema(request=GenerateSerializer, responses={200: SnapshotSerializer, 202: JobSerializer})
    def generate_structure(self, request: Request, pk: UUID) -> Response:
        """Make a structure of everything below the node.

        Answers 202 with a job to follow; when nothing has changed since the newest snapshot of the same engine and
        options, 200 with that snapshot.
        """
        wanted = validated(GenerateSerializer(data=request.data))
        requested = request_generation(
            tenant=get_tenant(request), node_id=pk, engine=wanted["engine"], options=build_options(wanted)
        )
        if requested.job is not None:
            return accepted_response(requested.job)
        assert requested.snapshot is not None
        return snapshot_response(request, requested.snapshot)

    @declare_problems(*GENERATION_CODES, "limit_exceeded", "malformed_tree")
    @extend_schema(parameters=[PlanQuerySerializer], responses=PlanSerializer)
    def plan_generation(self, request: Request, pk: UUID) -> Response:
        """Read what a generation would ask models if it began now, and what that is expected to cost. Asks nothing."""
        wanted = validated(PlanQuerySerializer(data=request.query_params.dict()))
        options = build_options(wanted)
        if options.outline is not None and not may_see_drafts(request):
            # A plan tells of the outline how many lessons it has, and whether it has a key.
            get_readable_snapshot(request, options.outline)
        plan = plan_generation(tenant=get_tenant(request), node_id=pk, engine=wanted["engine"], options=options)
        return Response(plan)

    @extend_schema(responses=SnapshotSummarySerializer(many=True))
    def list_snapshots(self, request: Request, pk: UUID) -> Response:
        """List the node's snapshots, newest first. Keys without the scope `prep` find those that are published."""
        validated_query(request)
        rows = list_snapshots(tenant=get_tenant(request), node_id=pk)
        if not may_see_drafts(request):
            rows = rows.filter_published()
        return paginated_response(self, with_approvals(rows), SnapshotSummarySerializer)


class GenerationDraftViewSet(viewsets.GenericViewSet[StructureSnapshot]):
    """What is written so far in generations that are not complete. For those who may write: it is no structure yet."""

    queryset = StructureSnapshot.objects.none()
    serializer_class = GenerationDraftSerializer
    read_scope = Scope.PREP

    @declare_problems("no_draft")
    @extend_schema(responses=GenerationDraftSerializer)
    def retrieve_draft(self, request: Request, pk: UUID) -> Response:
        """Read the lessons that models have written so far, and which are still to come."""
        validated_query(request)
        return Response(build_job_draft(tenant=get_tenant(request), job_id=pk))
