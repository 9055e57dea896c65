"""The doors of materials: each parses, makes one call and answers."""

from __future__ import annotations

from uuid import UUID

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials import queries, services
from materials.models import KeyFrame, MaterialEntry, MaterialNode
from materials.serializers import (
    AddressSerializer,
    BranchSerializer,
    EntrySerializer,
    EntryUpdateSerializer,
    EntryWishSerializer,
    KeyFrameSerializer,
    NodeCopySerializer,
    NodeCreateSerializer,
    NodeFieldsSerializer,
    NodeListSerializer,
    NodeMoveSerializer,
    NodeReorderSerializer,
    NodeSerializer,
)
from materials.views_uploads import with_space_warning
from project.http.answers import asked, created, page, valid
from project.jobs.priorities import priority_for
from project.jobs.serializers import JobSerializer, PrioritySerializer
from project.jobs.views import accepted
from project.storage.objects import objects
from tenants.requests import tenant_of
from tenants.scopes import Scope


class NodeViewSet(viewsets.GenericViewSet[MaterialNode]):
    """The material tree. A node without a parent is a course."""

    queryset = MaterialNode.objects.none()
    serializer_class = NodeSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(parameters=[NodeListSerializer])
    def list(self, request: Request) -> Response:
        """List the courses, or with `parent` the children of a node, newest first."""
        parent = asked(request, NodeListSerializer).get("parent")
        if parent is not None:
            queries.get_node(tenant=tenant_of(request), node_id=parent)
        rows = MaterialNode.objects.of(tenant_of(request)).filter(parent_id=parent)
        return page(self, rows.order_by("-created_at", "-id"), NodeSerializer)

    @extend_schema(request=NodeCreateSerializer, responses={201: NodeSerializer})
    def create(self, request: Request) -> Response:
        """Create a node below `parent`, or a course."""
        fields = valid(NodeCreateSerializer(data=request.data))
        parent = fields.pop("parent", None)
        node = services.create_node(tenant=tenant_of(request), parent_id=parent, **fields)
        return created(NodeSerializer(node).data, location=f"/api/v1/nodes/{node.pk}")

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a node without what hangs on it."""
        return Response(NodeSerializer(queries.get_node(tenant=tenant_of(request), node_id=pk)).data)

    @extend_schema(request=NodeFieldsSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change a node's title, language, learning goal, expected knowledge or expected skills."""
        changes = valid(NodeFieldsSerializer(data=request.data, partial=True))
        node = services.update_node(tenant=tenant_of(request), node_id=pk, changes=changes)
        return Response(NodeSerializer(node).data)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a node with everything below it. Open jobs of what is deleted are cancelled."""
        services.delete_node(tenant=tenant_of(request), node_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(responses=BranchSerializer)
    def tree(self, request: Request, pk: UUID) -> Response:
        """Read a node with its entries and, nested, everything below it. Extracted text is not in it."""
        return Response(BranchSerializer(queries.tree(tenant=tenant_of(request), node_id=pk)).data)

    @extend_schema(request=NodeMoveSerializer)
    def move(self, request: Request, pk: UUID) -> Response:
        """Hang a node below another parent, or at another place among its siblings."""
        goal = valid(NodeMoveSerializer(data=request.data))
        node = services.move_node(
            tenant=tenant_of(request), node_id=pk, parent_id=goal["parent"], position=goal.get("position")
        )
        return Response(NodeSerializer(node).data)

    @extend_schema(request=NodeReorderSerializer, responses=BranchSerializer)
    def reorder(self, request: Request, pk: UUID) -> Response:
        """Put the node's children, its entries, or both into a new order, and read the tree."""
        orders = valid(NodeReorderSerializer(data=request.data))
        services.reorder_node(tenant=tenant_of(request), node_id=pk, **orders)
        return Response(BranchSerializer(queries.tree(tenant=tenant_of(request), node_id=pk)).data)

    @extend_schema(request=NodeCopySerializer, responses={201: NodeSerializer})
    def copy(self, request: Request, pk: UUID) -> Response:
        """Copy a node with everything below it. What ingestion made of the entries is copied too."""
        goal = valid(NodeCopySerializer(data=request.data))
        node = services.copy_node(
            tenant=tenant_of(request), node_id=pk, parent_id=goal["parent"], title=goal.get("title", "")
        )
        return created(NodeSerializer(node).data, location=f"/api/v1/nodes/{node.pk}")


class NodeEntryViewSet(viewsets.GenericViewSet[MaterialEntry]):
    """The entries of one node."""

    queryset = MaterialEntry.objects.none()
    serializer_class = EntrySerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    def list(self, request: Request, pk: UUID) -> Response:
        """List the node's entries, newest first."""
        asked(request)
        node = queries.get_node(tenant=tenant_of(request), node_id=pk)
        rows = MaterialEntry.objects.of(tenant_of(request)).with_job().filter(node=node)
        return page(self, rows.order_by("-created_at", "-id"), EntrySerializer)

    @extend_schema(
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}},
                "required": ["file"],
            },
            "application/json": AddressSerializer,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        parameters=[
            EntryWishSerializer,
            OpenApiParameter(
                "Content-Disposition",
                location=OpenApiParameter.HEADER,
                description='With a raw body: `attachment; filename="lecture.pdf"`.',
            ),
        ],
        responses={201: EntrySerializer, 200: EntrySerializer},
    )
    def create(self, request: Request, pk: UUID) -> Response:
        """Attach a file or a web address to the node.

        Send a file as a multipart form (field `file`) or as a raw body with its name in `Content-Disposition`; its
        ingestion starts by itself, and `job` names the job to follow. Send a web address as JSON (`url`): the job
        fetches what it leads to, a page, a document or a recording; `warnings` say what is known of the site. The same
        bytes or address again in the same node answer 200 with the entry that is there.
        """
        tenant = tenant_of(request)
        wanted = _wanted(request)
        if request.content_type == "application/json" and "Content-Disposition" not in request.headers:
            address = valid(AddressSerializer(data=request.data))
            added = services.add_address(
                tenant=tenant, node_id=pk, url=address["url"], name=address.get("name", ""), wanted=wanted
            )
        else:
            added = services.add_file(tenant=tenant, node_id=pk, request=request._request, wanted=wanted)
        answer = EntrySerializer(added.entry).data
        response = created(answer, location=f"/api/v1/entries/{added.entry.pk}") if added.created else Response(answer)
        return with_space_warning(response, added.warning)


class EntryViewSet(viewsets.GenericViewSet[MaterialEntry]):
    """Entries by their own id."""

    queryset = MaterialEntry.objects.none()
    serializer_class = EntrySerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read an entry and how far its ingestion has come."""
        return Response(EntrySerializer(queries.get_entry(tenant=tenant_of(request), entry_id=pk)).data)

    @extend_schema(request=EntryUpdateSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Rename an entry, move it to another node, or change how its recording is transcribed next time."""
        changes = valid(EntryUpdateSerializer(data=request.data))
        node = changes.pop("node", None)
        entry = services.update_entry(tenant=tenant_of(request), entry_id=pk, node_id=node, changes=changes)
        return Response(EntrySerializer(entry).data)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete an entry with its chunks and its stored file. An open job is cancelled."""
        services.delete_entry(tenant=tenant_of(request), entry_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=PrioritySerializer, responses={202: JobSerializer})
    def ingest(self, request: Request, pk: UUID) -> Response:
        """Ingest an entry again, for example after an error. Follow the job in `Location`.

        An address is fetched again: when its content has changed, it replaces what is stored.
        """
        priority = priority_for(request, valid(PrioritySerializer(data=request.data))["priority"])
        return accepted(services.request_ingestion(tenant=tenant_of(request), entry_id=pk, priority=priority))

    @extend_schema(request=PrioritySerializer, responses={202: JobSerializer})
    def check(self, request: Request, pk: UUID) -> Response:
        """Look whether an entry's address still leads to what is stored; `is_stale` tells it when the job is done."""
        priority = priority_for(request, valid(PrioritySerializer(data=request.data))["priority"])
        return accepted(services.request_check(tenant=tenant_of(request), entry_id=pk, priority=priority))

    @extend_schema(responses=KeyFrameSerializer(many=True))
    def frames(self, request: Request, pk: UUID) -> Response:
        """List a video's key frames in order of time, with what a vision model saw in them."""
        asked(request)
        entry = queries.get_entry(tenant=tenant_of(request), entry_id=pk)
        rows = KeyFrame.objects.of(tenant_of(request)).filter(entry=entry)
        return page(self, rows.order_by("start_ms", "id"), KeyFrameSerializer)


class FrameViewSet(viewsets.GenericViewSet[KeyFrame]):
    """Key frames by their own id."""

    queryset = KeyFrame.objects.none()
    serializer_class = KeyFrameSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(responses={(200, "image/jpeg"): OpenApiTypes.BINARY})
    def picture(self, request: Request, pk: UUID) -> HttpResponse:
        """Read a key frame's picture."""
        frame = queries.get_frame(tenant=tenant_of(request), frame_id=pk)
        with objects().open(frame.object_key) as file:
            return HttpResponse(file.read(), content_type="image/jpeg")


def _wanted(request: Request) -> services.Wanted:
    wish = valid(EntryWishSerializer(data=request.query_params.dict()))
    return services.Wanted(
        language=wish.get("language", ""),
        use_captions=wish["use_captions"],
        priority=priority_for(request, wish["priority"]),
    )
