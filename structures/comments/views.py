"""REST endpoints of comments."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import created_response, paginated_response, validated, validated_query
from project.http.schema import declare_problems
from structures.comments.queries import get_thread, list_comments, list_threads
from structures.comments.serializers import (
    CommentCreateSerializer,
    CommentSerializer,
    CommentThreadSerializer,
    ThreadCreateSerializer,
    ThreadQuerySerializer,
)
from structures.comments.services import reopen_thread, reply_to_thread, resolve_thread, start_thread
from structures.models import CommentThread
from tenants.actors import describe_api_key
from tenants.idempotency import IdempotentActions
from tenants.requests import get_api_key, get_tenant
from tenants.scopes import Scope


class NodeCommentsViewSet(IdempotentActions, viewsets.GenericViewSet[CommentThread]):
    """The threads of comments on the structure of one material node."""

    queryset = CommentThread.objects.none()
    serializer_class = CommentThreadSerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @extend_schema(parameters=[ThreadQuerySerializer], responses=CommentThreadSerializer(many=True))
    def list_threads(self, request: Request, pk: UUID) -> Response:
        """List the threads, newest first, each with its first comment."""
        query = validated_query(request, ThreadQuerySerializer)
        rows = list_threads(tenant=get_tenant(request), node_id=pk, key=query["key"], is_resolved=query["resolved"])
        return paginated_response(self, rows, CommentThreadSerializer)

    @declare_problems("too_many_comments", "too_many_threads", "unknown_key")
    @extend_schema(request=ThreadCreateSerializer, responses={201: CommentThreadSerializer})
    def start(self, request: Request, pk: UUID) -> Response:
        """Begin a thread on a node of a snapshot or of a working copy."""
        wanted = validated(ThreadCreateSerializer(data=request.data))
        thread = start_thread(
            tenant=get_tenant(request),
            node_id=pk,
            key=wanted["key"],
            text=wanted["text"],
            snapshot_id=wanted["snapshot"],
            copy_id=wanted["working_copy"],
            actor=describe_api_key(get_api_key(request)),
        )
        return created_response(CommentThreadSerializer(thread).data, location=f"/api/v1/comment-threads/{thread.pk}")


class CommentThreadViewSet(IdempotentActions, viewsets.GenericViewSet[CommentThread]):
    """One thread and its comments."""

    queryset = CommentThread.objects.none()
    serializer_class = CommentThreadSerializer
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @extend_schema(responses=CommentThreadSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read one thread."""
        return Response(CommentThreadSerializer(get_thread(tenant=get_tenant(request), thread_id=pk)).data)

    @extend_schema(responses=CommentSerializer(many=True))
    def list_comments(self, request: Request, pk: UUID) -> Response:
        """List the comments of a thread, oldest first."""
        validated_query(request)
        return paginated_response(self, list_comments(tenant=get_tenant(request), thread_id=pk), CommentSerializer)

    @declare_problems("too_many_comments")
    @extend_schema(request=CommentCreateSerializer, responses={201: CommentSerializer})
    def reply(self, request: Request, pk: UUID) -> Response:
        """Add a comment to a thread."""
        wanted = validated(CommentCreateSerializer(data=request.data))
        actor = describe_api_key(get_api_key(request))
        comment = reply_to_thread(tenant=get_tenant(request), thread_id=pk, actor=actor, **wanted)
        return created_response(CommentSerializer(comment).data, location=f"/api/v1/comment-threads/{pk}/comments")

    @extend_schema(request=None, responses=CommentThreadSerializer)
    def resolve(self, request: Request, pk: UUID) -> Response:
        """Mark the thread as resolved."""
        actor = describe_api_key(get_api_key(request))
        thread = resolve_thread(tenant=get_tenant(request), thread_id=pk, actor=actor)
        return Response(CommentThreadSerializer(thread).data)

    @extend_schema(request=None, responses=CommentThreadSerializer)
    def reopen(self, request: Request, pk: UUID) -> Response:
        """Mark the thread as not resolved."""
        return Response(CommentThreadSerializer(reopen_thread(tenant=get_tenant(request), thread_id=pk)).data)
