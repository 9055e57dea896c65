"""REST endpoints of working copies."""

from __future__ import annotations

from typing import Any, ClassVar
from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.etags import conditional_response
from project.http.preconditions import accept_if_match, read_if_match, read_optional_if_match, require_if_match
from project.http.responses import created_response, paginated_response, validated, validated_query
from project.http.schema import declare_problems
from project.jobs.models import Job
from project.jobs.serializers import JobSerializer
from project.jobs.views import accepted_response
from structures.editing.conflicts import Side, encode_conflict
from structures.models import EditConflictRow, WorkingCopy
from structures.problem_codes import COPY_CODES, EDIT_CODES, REBASE_CODES, STEP_CODES
from structures.reviews.serializers import ReasonSerializer
from structures.serializers import SnapshotSummarySerializer
from structures.working_copies.approval import approve_working_copy
from structures.working_copies.queries import (
    build_etag,
    get_record,
    get_working_copy,
    list_conflicts,
    list_history,
    list_working_copies,
    load_copy_state,
    select_open_conflicts,
)
from structures.working_copies.rebase_jobs import request_preview, request_rebase
from structures.working_copies.rebasing import decide_conflicts
from structures.working_copies.reviewing import submit_for_review, withdraw_from_review
from structures.working_copies.serializers import (
    MAX_SHOWN_CONFLICTS,
    ConflictSerializer,
    DecisionResultSerializer,
    DecisionSerializer,
    EditRecordSerializer,
    EditSerializer,
    RebaseQuerySerializer,
    RebaseSerializer,
    StepSerializer,
    WorkingCopyCreateSerializer,
    WorkingCopySerializer,
    WorkingCopyStateSerializer,
    build_rebase_json,
    build_state_json,
    build_step_json,
)
from structures.working_copies.services import (
    close_working_copy,
    create_working_copy,
    edit_working_copy,
    redo_step,
    undo_step,
)
from tenants.actors import Actor, describe_api_key
from tenants.idempotency import IdempotentActions
from tenants.requests import get_api_key, get_tenant
from tenants.scopes import Scope


class NodeCopiesViewSet(IdempotentActions, viewsets.GenericViewSet[WorkingCopy]):
    """The working copies of one material node."""

    queryset = WorkingCopy.objects.none()
    serializer_class = WorkingCopySerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @declare_problems("limit_exceeded", "malformed_tree", "too_many_working_copies", "working_copy_exists")
    @extend_schema(request=WorkingCopyCreateSerializer, responses={201: WorkingCopySerializer})
    def create_from_snapshot(self, request: Request, pk: UUID) -> Response:
        """Make an editable copy of a snapshot's tree. The snapshot stays as it is."""
        wanted = validated(WorkingCopyCreateSerializer(data=request.data))
        copy = create_working_copy(
            tenant=get_tenant(request), snapshot_id=pk, actor=_get_actor(request), name=wanted["name"]
        )
        response = created_response(WorkingCopySerializer(copy).data, location=f"/api/v1/working-copies/{copy.pk}")
        response["ETag"] = build_etag(copy)
        return response

    @extend_schema(responses=WorkingCopySerializer(many=True))
    def list_copies(self, request: Request, pk: UUID) -> Response:
        """List the node's working copies, newest first, with those that are closed."""
        validated_query(request)
        rows = list_working_copies(tenant=get_tenant(request), node_id=pk)
        return paginated_response(self, rows, WorkingCopySerializer)


class WorkingCopyViewSet(IdempotentActions, viewsets.GenericViewSet[WorkingCopy]):
    """One working copy: its tree, its steps and its conflicts."""

    queryset = WorkingCopy.objects.none()
    serializer_class = WorkingCopyStateSerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP
    action_scopes: ClassVar = {"approve": Scope.APPROVE}

    @extend_schema(responses=WorkingCopyStateSerializer)
    def retrieve(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read a working copy with its tree. The `ETag` of the answer names this version of it."""
        copy = get_working_copy(tenant=get_tenant(request), copy_id=pk)
        return conditional_response(
            request, build_etag(copy), lambda: Response(build_state_json(load_copy_state(copy)))
        )

    @accept_if_match
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Close a working copy. It can still be read, with its history."""
        close_working_copy(tenant=get_tenant(request), copy_id=pk, if_match=read_optional_if_match(request))
        return Response(status=status.HTTP_204_NO_CONTENT)

    @declare_problems(*EDIT_CODES, *STEP_CODES)
    @require_if_match
    @extend_schema(request=EditSerializer, responses=StepSerializer)
    def edit(self, request: Request, pk: UUID) -> Response:
        """Do one operation. New references are checked: entry, place and quote must be there today."""
        wanted = validated(EditSerializer(data=request.data))
        result = edit_working_copy(**self._read_common(request, pk), **wanted)
        return _step_response(build_step_json(result), result.copy)

    @declare_problems(*STEP_CODES, "history_mismatch")
    @require_if_match
    @extend_schema(request=ReasonSerializer, responses=StepSerializer)
    def undo(self, request: Request, pk: UUID) -> Response:
        """Take back the last step that still stands: an edit, a rebase or a decision."""
        wanted = validated(ReasonSerializer(data=request.data))
        result = undo_step(**self._read_common(request, pk), **wanted)
        return _step_response(build_step_json(result), result.copy)

    @declare_problems(*STEP_CODES, "history_mismatch")
    @require_if_match
    @extend_schema(request=ReasonSerializer, responses=StepSerializer)
    def redo(self, request: Request, pk: UUID) -> Response:
        """Do again what was undone last, unless something else was done since."""
        wanted = validated(ReasonSerializer(data=request.data))
        result = redo_step(**self._read_common(request, pk), **wanted)
        return _step_response(build_step_json(result), result.copy)

    @extend_schema(responses=EditRecordSerializer(many=True))
    def list_history(self, request: Request, pk: UUID) -> Response:
        """List the steps, newest first: who, when, why, before and after."""
        validated_query(request)
        rows = list_history(tenant=get_tenant(request), copy_id=pk)
        return paginated_response(self, rows, EditRecordSerializer)

    @extend_schema(responses=EditRecordSerializer)
    def retrieve_step(self, request: Request, pk: UUID, number: int) -> Response:
        """Read one step with all that it changed."""
        record = get_record(tenant=get_tenant(request), copy_id=pk, number=number)
        return Response(EditRecordSerializer(record).data)

    @declare_problems(*REBASE_CODES, "job_already_open")
    @accept_if_match
    @extend_schema(
        parameters=[RebaseQuerySerializer],
        request=ReasonSerializer,
        responses={200: RebaseSerializer, 202: JobSerializer},
    )
    def rebase(self, request: Request, pk: UUID) -> Response:
        """Put the working copy onto another snapshot of its node. What people touched stays as it is.

        Of a large course, also with `dry_run`, the answer is 202 with a job, whose `result` has the counts. It fails
        with `version_changed` when the version in `If-Match` is edited meanwhile; with `*` it takes the edit in.
        """
        query = validated(RebaseQuerySerializer(data=request.query_params.dict()))
        wanted = validated(ReasonSerializer(data=request.data))
        if query["dry_run"]:
            result = request_preview(tenant=get_tenant(request), copy_id=pk, onto=query["onto"])
        else:
            result = request_rebase(**self._read_common(request, pk), **wanted, onto=query["onto"])
        if isinstance(result, Job):
            return accepted_response(result)
        if query["dry_run"]:
            rows = [EditConflictRow(content=encode_conflict(each)) for each in result.conflicts[:MAX_SHOWN_CONFLICTS]]
        else:
            rows = list(select_open_conflicts(result.copy).order_by("position")[:MAX_SHOWN_CONFLICTS])
        return _step_response(build_rebase_json(result, rows, dry_run=query["dry_run"]), result.copy)

    @extend_schema(responses=ConflictSerializer(many=True))
    def list_conflicts(self, request: Request, pk: UUID) -> Response:
        """List the conflicts that are not decided, in the order of the tree."""
        validated_query(request)
        return paginated_response(self, list_conflicts(tenant=get_tenant(request), copy_id=pk), ConflictSerializer)

    @declare_problems(*REBASE_CODES)
    @require_if_match
    @extend_schema(request=DecisionSerializer, responses=DecisionResultSerializer)
    def decide_all(self, request: Request, pk: UUID) -> Response:
        """Decide all conflicts that are open by one rule."""
        return self._decide(request, pk, None)

    @declare_problems(*REBASE_CODES)
    @require_if_match
    @extend_schema(
        operation_id="working_copies_conflict_decide",
        request=DecisionSerializer,
        responses=DecisionResultSerializer,
    )
    def decide_one(self, request: Request, pk: UUID, conflict: UUID) -> Response:
        """Decide one conflict: keep the working copy's version, or take the snapshot's."""
        return self._decide(request, pk, conflict)

    @declare_problems(*COPY_CODES)
    @require_if_match
    @extend_schema(request=ReasonSerializer, responses=WorkingCopySerializer)
    def submit(self, request: Request, pk: UUID) -> Response:
        """Ask colleagues to review the working copy. It can still be edited."""
        wanted = validated(ReasonSerializer(data=request.data))
        return _copy_response(submit_for_review(**self._read_common(request, pk), **wanted))

    @declare_problems(*COPY_CODES)
    @require_if_match
    @extend_schema(request=ReasonSerializer, responses=WorkingCopySerializer)
    def withdraw(self, request: Request, pk: UUID) -> Response:
        """Make a working copy that is in review a draft again."""
        wanted = validated(ReasonSerializer(data=request.data))
        return _copy_response(withdraw_from_review(**self._read_common(request, pk), **wanted))

    @declare_problems(*COPY_CODES, "conflicts_open", "malformed_tree")
    @require_if_match
    @extend_schema(
        request=ReasonSerializer,
        responses={200: SnapshotSummarySerializer, 201: SnapshotSummarySerializer},
    )
    def approve(self, request: Request, pk: UUID) -> Response:
        """Make an immutable snapshot of the working copy, and approve it. Answers 200 when this version has one."""
        wanted = validated(ReasonSerializer(data=request.data))
        snapshot, is_new = approve_working_copy(**self._read_common(request, pk), **wanted)
        data = SnapshotSummarySerializer(snapshot).data
        return created_response(data, location=f"/api/v1/snapshots/{snapshot.pk}") if is_new else Response(data)

    def _decide(self, request: Request, pk: UUID, conflict: UUID | None) -> Response:
        wanted = validated(DecisionSerializer(data=request.data))
        keep = Side(wanted.pop("keep"))
        result = decide_conflicts(**self._read_common(request, pk), **wanted, conflict_id=conflict, keep=keep)
        return _step_response({**build_step_json(result), "decided": result.decided}, result.copy)

    def _read_common(self, request: Request, pk: UUID) -> dict[str, Any]:
        """Return what every change needs. Raises PreconditionRequired."""
        return {
            "tenant": get_tenant(request),
            "copy_id": pk,
            "actor": _get_actor(request),
            "if_match": read_if_match(request),
        }


def _get_actor(request: Request) -> Actor:
    return describe_api_key(get_api_key(request))


def _copy_response(copy: WorkingCopy) -> Response:
    return Response(WorkingCopySerializer(copy).data, headers={"ETag": build_etag(copy)})


def _step_response(data: dict[str, Any], copy: WorkingCopy) -> Response:
    return Response(data, headers={"ETag": build_etag(copy)})
