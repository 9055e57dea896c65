"""REST endpoints of chunks, their corrections, search, and an entry's text as Markdown."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain
from pathlib import PurePath
from typing import ClassVar
from uuid import UUID

from django.db.models import TextField, Value
from django.db.models.functions import Cast, Coalesce, Concat
from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import content_disposition_header
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import status, viewsets
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from materials.chunks.combined_search import search_materials
from materials.chunks.embedding import request_embedding
from materials.chunks.markdown import render_left_out, render_markdown
from materials.chunks.queries import get_chunk, list_transcript_chunks
from materials.chunks.serializers import (
    ChunkCorrectionSerializer,
    ChunkListSerializer,
    ChunkSerializer,
    ChunkTextSerializer,
    CorrectionListSerializer,
    FoundPageSerializer,
    FoundSerializer,
    LeftOutPassageSerializer,
    MarkdownOptionsSerializer,
    MeaningReportSerializer,
    SearchSerializer,
    TranscriptOptionsSerializer,
)
from materials.chunks.services import correct_chunk, delete_correction
from materials.chunks.transcript_formats import MEDIA_TYPES, TranscriptFormat, render_transcript
from materials.models import Chunk, ChunkCorrection, LeftOutPassage
from materials.queries import get_entry
from project.db.row_versions import RowVersion
from project.http.etags import build_version_check, versioned_response
from project.http.preconditions import accept_if_match
from project.http.responses import paginated_response, validated, validated_query, versioned_page_response
from project.http.schema import declare_problems
from project.jobs.priorities import get_requested_priority
from project.jobs.serializers import JobSerializer, PrioritySerializer
from project.jobs.views import accepted_response
from tenants.idempotency import IdempotentActions
from tenants.requests import get_api_key, get_tenant
from tenants.scopes import Scope


class NodeTextViewSet(IdempotentActions, viewsets.GenericViewSet[Chunk]):
    """The text below one node."""

    queryset = Chunk.objects.none()
    serializer_class = FoundSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP
    action_scopes: ClassVar = {"request_embedding": Scope.GENERATE}

    @declare_problems("no_provider", "vectors_unavailable")
    @extend_schema(
        parameters=[
            SearchSerializer,
            OpenApiParameter("limit", OpenApiTypes.INT, description="How many at most: 1 to 200, by default 50."),
            OpenApiParameter("cursor", description="Where to go on: `next_cursor` of the page before."),
        ],
        responses=FoundPageSerializer,
    )
    def search(self, request: Request, pk: UUID) -> Response:
        """Search the text of all materials below a node, best match first, by words and by meaning.

        By words, all must occur, in any form that the material's language gives them; `"a phrase"`, `or` and
        `-without` are understood. By meaning, what is nearest is found in any language, where the texts have vectors;
        `meaning` says whether that was done, and if not, why. `snippet` is HTML: escaped, with `<mark>` around matches.
        """
        options = validated_query(request, SearchSerializer)
        found = search_materials(
            tenant=get_tenant(request), node_id=pk, words=options["q"], by_meaning=options["by"] != "words"
        )
        page = FoundSerializer(self.paginate_queryset(found.rows), many=True, context={"nearest": set(found.nearest)})
        answer = self.get_paginated_response(page.data)
        return Response(
            {**answer.data, "meaning": MeaningReportSerializer(found.meaning).data},
            headers={"Link": answer["Link"]} if "Link" in answer else None,
        )

    @declare_problems("job_already_open", "no_provider", "vectors_unavailable")
    @extend_schema(request=PrioritySerializer, responses={202: JobSerializer})
    def request_embedding(self, request: Request, pk: UUID) -> Response:
        """Make the vectors of all texts below a node, for search by meaning. Follow the job in `Location`.

        A model is asked for those texts alone that have no vector yet, which costs money unless it is a server of your
        own. Ask again after texts have changed; the answers of a search say how many entries lack vectors.
        """
        priority = get_requested_priority(request, validated(PrioritySerializer(data=request.data))["priority"])
        return accepted_response(request_embedding(tenant=get_tenant(request), node_id=pk, priority=priority))


class EntryTextViewSet(viewsets.GenericViewSet[Chunk]):
    """The text of one entry."""

    queryset = Chunk.objects.none()
    serializer_class = ChunkSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @extend_schema(parameters=[ChunkListSerializer], responses=ChunkSerializer(many=True))
    def list_chunks(self, request: Request, pk: UUID) -> HttpResponseBase:
        """Read an entry's text as chunks, in order.

        With `words=true` each has, where it is known, when its words are said or where they stand on the page.
        """
        with_words = validated_query(request, ChunkListSerializer).get("words", False)
        entry = get_entry(tenant=get_tenant(request), entry_id=pk)
        rows = Chunk.objects.for_tenant(get_tenant(request)).with_correction().filter(entry=entry)
        if not with_words:
            rows = rows.without_word_boxes()
        version = Concat(
            RowVersion("position"), Coalesce(Cast("correction", TextField()), Value("", output_field=TextField()))
        )
        return versioned_page_response(
            self, rows.order_by("position", "id"), ChunkSerializer, version, words=with_words
        )

    @extend_schema(parameters=[CorrectionListSerializer], responses=ChunkCorrectionSerializer(many=True))
    def list_corrections(self, request: Request, pk: UUID) -> Response:
        """List an entry's corrections, in order, with those whose original text is gone (`chunk` is null).

        `is_flagged` marks corrections that should be checked, because the source's bytes have changed since. Correct
        the chunk once more to keep one, or delete it.
        """
        chosen = validated_query(request, CorrectionListSerializer)
        entry = get_entry(tenant=get_tenant(request), entry_id=pk)
        rows = ChunkCorrection.objects.for_tenant(get_tenant(request)).filter(entry=entry).select_related("entry")
        if chosen.get("flagged"):
            rows = rows.filter_flagged()
        return paginated_response(self, rows.order_by("position", "id"), ChunkCorrectionSerializer)

    @extend_schema(responses=LeftOutPassageSerializer(many=True))
    def list_left_out(self, request: Request, pk: UUID) -> Response:
        """List what reading left out of an entry's text, by reason: running heads, hidden text, comments and others.

        Equal texts of one kind are listed once with their `count`. Of many different texts the first 200 of a kind are
        listed; the entry's `left_out` has the exact numbers.
        """
        validated_query(request)
        entry = get_entry(tenant=get_tenant(request), entry_id=pk)
        rows = LeftOutPassage.objects.for_tenant(get_tenant(request)).filter(entry=entry)
        return paginated_response(self, rows.order_by("position", "id"), LeftOutPassageSerializer)

    @extend_schema(parameters=[MarkdownOptionsSerializer], responses={(200, "text/markdown"): OpenApiTypes.STR})
    def download_markdown(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """Download an entry's text as Markdown, corrections included.

        `left_out=true` adds a last part: what is not part of the text, by reason.
        """
        options = validated_query(request, MarkdownOptionsSerializer)
        entry = get_entry(tenant=get_tenant(request), entry_id=pk)
        rows = Chunk.objects.for_tenant(get_tenant(request)).filter(entry=entry)
        chunks = rows.without_word_boxes().order_by("position")
        passages = LeftOutPassage.objects.for_tenant(get_tenant(request)).filter(entry=entry).order_by("position")
        appendix = render_left_out(entry.left_out, passages) if options.get("left_out") else ()
        name = content_disposition_header(True, f"{PurePath(entry.name).stem or 'text'}.md")
        return StreamingHttpResponse(
            chain(render_markdown(entry, chunks.iterator(chunk_size=500)), appendix),
            content_type="text/markdown; charset=utf-8",
            headers={"Content-Disposition": name},
        )


class ChosenByQuery(BaseContentNegotiation):
    """Leaves `?format=` to the endpoint: Django REST framework would take it for the name of a renderer."""

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser:
        return next(iter(parsers))

    def select_renderer(
        self, request: Request, renderers: Iterable[BaseRenderer], format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        renderer = next(iter(renderers))
        return renderer, str(renderer.media_type)


class EntryTranscriptViewSet(viewsets.GenericViewSet[Chunk]):
    """The transcript of one recording or caption file."""

    queryset = Chunk.objects.none()
    serializer_class = TranscriptOptionsSerializer
    content_negotiation_class = ChosenByQuery
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @declare_problems("no_transcript")
    @extend_schema(
        parameters=[TranscriptOptionsSerializer],
        responses={(200, media_type): OpenApiTypes.STR for media_type in MEDIA_TYPES.values()},
    )
    def download(self, request: Request, pk: UUID) -> StreamingHttpResponse:
        """Download a transcript as WebVTT, SRT or plain text, with speakers where they are known.

        Corrections are included. Captions have a cue for each line where the times of words are known, else one for
        each chunk.
        """
        written_as = TranscriptFormat(
            validated(TranscriptOptionsSerializer(data=request.query_params.dict()))["format"]
        )
        tenant = get_tenant(request)
        entry = get_entry(tenant=tenant, entry_id=pk)
        chunks = list_transcript_chunks(tenant=tenant, entry=entry)
        name = content_disposition_header(True, f"{PurePath(entry.name).stem or 'transcript'}.{written_as.value}")
        return StreamingHttpResponse(
            render_transcript(chunks.iterator(chunk_size=500), written_as),
            content_type=f"{MEDIA_TYPES[written_as]}; charset=utf-8",
            headers={"Content-Disposition": name},
        )


class ChunkViewSet(IdempotentActions, viewsets.GenericViewSet[Chunk]):
    """Chunks by their own id."""

    queryset = Chunk.objects.none()
    serializer_class = ChunkSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read a chunk."""
        return Response(ChunkSerializer(get_chunk(tenant=get_tenant(request), chunk_id=pk)).data)

    @declare_problems("ingestion_running")
    @accept_if_match
    @extend_schema(request=ChunkTextSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Correct a chunk's text. The original stays in `correction`; sending it again deletes the correction.

        When the source is ingested again, the correction is applied to the chunk that has the original text.
        """
        text = validated(ChunkTextSerializer(data=request.data))["text"]
        chunk = correct_chunk(
            tenant=get_tenant(request),
            chunk_id=pk,
            text=text,
            by=get_api_key(request).label,
            check_version=build_version_check(request, ChunkSerializer),
        )
        return versioned_response(ChunkSerializer(chunk).data)


class CorrectionViewSet(IdempotentActions, viewsets.GenericViewSet[ChunkCorrection]):
    """Corrections by their own id."""

    queryset = ChunkCorrection.objects.none()
    serializer_class = ChunkCorrectionSerializer
    read_scope = Scope.CHECK
    write_scope = Scope.PREP

    @declare_problems("ingestion_running")
    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete a correction. Its chunk gets the source's text again."""
        delete_correction(tenant=get_tenant(request), correction_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)
