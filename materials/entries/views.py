"""REST endpoints of entries."""

from __future__ import annotations

from uuid import UUID

from django.http.response import HttpResponseBase
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from materials.entries.intake import EntryOptions
from materials.entries.serializers import (
    EntryListSerializer,
    EntryOptionsSerializer,
    EntrySerializer,
    EntryUpdateSerializer,
    EntryUrlSerializer,
)
from materials.entries.services import add_file, add_url, delete_entry, update_entry
from materials.entries.submission import request_ingestion, request_staleness_check
from materials.models import EntryState, MaterialEntry
from materials.objects.views import add_storage_warning
from materials.problem_codes import FILE_CODES, RECORDING_CODES, SENDING_CODES
from materials.queries import ENTRY_VERSION, get_entry, get_node
from project.http.etags import build_version_check, versioned_response
from project.http.idempotency import run_in_steps
from project.http.negotiation import FormatIsAFilter
from project.http.preconditions import accept_if_match
from project.http.responses import created_response, validated, validated_query, versioned_page_response
from project.http.schema import declare_problems
from project.http.serializers import build_order
from project.jobs.priorities import get_requested_priority
from project.jobs.serializers import JobSerializer, PrioritySerializer
from project.jobs.views import accepted_response
from tenants.idempotency import IdempotentActions
from tenants.requests import get_tenant
from tenants.scopes import Scope


class NodeEntryViewSet(IdempotentActions, viewsets.GenericViewSet[MaterialEntry]):
    """The entries of one node."""

    queryset = MaterialEntry.objects.none()
    serializer_class = EntrySerializer
    content_negotiation_class = FormatIsAFilter
    takes_files = True
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(parameters=[EntryListSerializer], responses=EntrySerializer(many=True))
    def list(self, request: Request, pk: UUID) -> HttpResponseBase:
        """List the node's entries, newest first."""
        wanted = validated_query(request, EntryListSerializer)
        node = get_node(tenant=get_tenant(request), node_id=pk)
        rows = MaterialEntry.objects.for_tenant(get_tenant(request)).with_job().filter(node=node)
        for parameter, column in _FILTER_COLUMNS.items():
            if parameter in wanted:
                rows = rows.filter(**{column: wanted[parameter]})
        if "state" in wanted:
            rows = rows.filter_state(EntryState(wanted["state"]))
        return versioned_page_response(
            self, rows.order_by(*build_order(wanted["sort"])), EntrySerializer, ENTRY_VERSION
        )

    @declare_problems(*FILE_CODES, *RECORDING_CODES, *SENDING_CODES, "bad_address", "conflict")
    @extend_schema(
        request={
            "multipart/form-data": {
                "type": "object",
                "properties": {"file": {"type": "string", "format": "binary"}, "name": {"type": "string"}},
                "required": ["file"],
            },
            "application/json": EntryUrlSerializer,
            "application/octet-stream": OpenApiTypes.BINARY,
        },
        parameters=[
            EntryOptionsSerializer,
            OpenApiParameter(
                "Content-Disposition",
                location=OpenApiParameter.HEADER,
                description='With a raw body: `attachment; filename="lecture.pdf"`.',
            ),
        ],
        responses={201: EntrySerializer, 200: EntrySerializer},
    )
    @run_in_steps
    def create(self, request: Request, pk: UUID) -> Response:
        """Attach a file or a web address to the node.

        Send a file as a multipart form (field `file`) or as a raw body with its name in `Content-Disposition`; its
        ingestion starts by itself, and `job` names the job to follow. Send a web address as JSON (`url`): the job
        fetches what it leads to, a page, a document or a recording; `warnings` say what is known of the site. The same
        bytes or address again in the same node answer 200 with the entry that is there.
        """
        tenant = get_tenant(request)
        options = _parse_entry_options(request)
        if request.content_type == "application/json" and "Content-Disposition" not in request.headers:
            source = validated(EntryUrlSerializer(data=request.data))
            added = add_url(tenant=tenant, node_id=pk, url=source["url"], name=source.get("name", ""), options=options)
        else:
            added = add_file(tenant=tenant, node_id=pk, request=request._request, options=options)
        answer = EntrySerializer(added.entry).data
        response = (
            created_response(answer, location=f"/api/v1/entries/{added.entry.pk}")
            if added.created
            else Response(answer)
        )
        return add_storage_warning(response, added.warning)


class EntryViewSet(IdempotentActions, viewsets.GenericViewSet[MaterialEntry]):
    """Entries by their own id."""

    queryset = MaterialEntry.objects.none()
    serializer_class = EntrySerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read an entry and how far its ingestion has come."""
        return Response(EntrySerializer(get_entry(tenant=get_tenant(request), entry_id=pk)).data)

    @declare_problems("conflict")
    @accept_if_match
    @extend_schema(request=EntryUpdateSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Rename an entry, move it to another node, or change how its recording is transcribed next time."""
        changes = validated(EntryUpdateSerializer(data=request.data))
        node = changes.pop("node", None)
        entry = update_entry(
            tenant=get_tenant(request),
            entry_id=pk,
            node_id=node,
            changes=changes,
            check_version=build_version_check(request, EntrySerializer),
        )
        return versioned_response(EntrySerializer(entry).data)

    @accept_if_match
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete an entry with its chunks and its stored file. An open job is cancelled."""
        check_version = build_version_check(request, EntrySerializer)
        delete_entry(tenant=get_tenant(request), entry_id=pk, check_version=check_version)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @declare_problems("ingestion_running", "job_already_open")
    @extend_schema(request=PrioritySerializer, responses={202: JobSerializer})
    def request_ingestion(self, request: Request, pk: UUID) -> Response:
        """Ingest an entry again, for example after an error. Follow the job in `Location`.

        A URL is fetched again: when its content has changed, it replaces what is stored.
        """
        priority = get_requested_priority(request, validated(PrioritySerializer(data=request.data))["priority"])
        return accepted_response(request_ingestion(tenant=get_tenant(request), entry_id=pk, priority=priority))

    @declare_problems("ingestion_running", "job_already_open", "nothing_to_check")
    @extend_schema(request=PrioritySerializer, responses={202: JobSerializer})
    def request_check(self, request: Request, pk: UUID) -> Response:
        """Check whether an entry's URL still has the stored content. When the job is done, `is_stale` says so."""
        priority = get_requested_priority(request, validated(PrioritySerializer(data=request.data))["priority"])
        return accepted_response(request_staleness_check(tenant=get_tenant(request), entry_id=pk, priority=priority))


_FILTER_COLUMNS = {
    "name": "name__icontains",
    "format": "format",
    "created_after": "created_at__gt",
    "updated_after": "updated_at__gt",
}


def _parse_entry_options(request: Request) -> EntryOptions:
    fields = validated(EntryOptionsSerializer(data=request.query_params.dict()))
    return EntryOptions(
        language=fields.get("language", ""),
        use_captions=fields["use_captions"],
        priority=get_requested_priority(request, fields["priority"]),
    )
