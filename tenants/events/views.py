"""REST endpoints of the log of events."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from drf_spectacular.helpers import forced_singular_serializer
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.http.responses import validated_query
from project.http.schema import declare_problems
from tenants.events.bodies import build_event_body
from tenants.events.queries import get_event, list_events
from tenants.events.serializers import EventListSerializer, EventPageSerializer, EventSerializer
from tenants.models import Event
from tenants.requests import get_tenant
from tenants.scopes import Scope

# Without this it would be described as a list of pages.
_PAGE = OpenApiResponse(forced_singular_serializer(EventPageSerializer))  # type: ignore[no-untyped-call]  # has no types


class EventViewSet(viewsets.GenericViewSet[Event]):
    """What happened to the tenant's materials, jobs, structures and money. It tells of drafts, too."""

    queryset = Event.objects.none()
    serializer_class = EventSerializer
    pagination_class = None
    read_scope = Scope.PREP
    write_scope = Scope.PREP

    @declare_problems("not_found", "events_expired")
    @extend_schema(parameters=[EventListSerializer], responses=_PAGE)
    def list(self, request: Request) -> Response:
        """List events in the order in which they are told, oldest first. To follow them, send `next_cursor` as `after`.

        An event never appears before one that was told already. 410 with `events_expired`: what followed the event of
        `after` is deleted by now.
        """
        wanted = validated_query(request, EventListSerializer)
        page = list_events(
            tenant=get_tenant(request),
            after=wanted["after"],
            limit=wanted["limit"],
            event_type=wanted.get("type", ""),
            subject_id=wanted["subject"],
        )
        answer = Response(
            {
                "data": [build_event_body(event) for event in page.events],
                "has_more": page.has_more,
                "next_cursor": page.last_id,
            }
        )
        if page.has_more:
            query = urlencode({**request.query_params.dict(), "after": str(page.last_id)})
            answer["Link"] = f'<{request.path}?{query}>; rel="next"'
        return answer

    @extend_schema(responses=EventSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read an event."""
        return Response(build_event_body(get_event(tenant=get_tenant(request), event_id=pk)))
