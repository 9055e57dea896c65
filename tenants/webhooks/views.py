"""REST endpoints of webhooks: who is told of events, and what was sent."""

from __future__ import annotations

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import status, viewsets
from rest_framework.request import Request
from rest_framework.response import Response

from project.errors import NotFound
from project.http.responses import created_response, paginated_response, validated, validated_query
from project.http.schema import declare_problems
from tenants.idempotency import IdempotentActions
from tenants.models import WebhookDelivery, WebhookEndpoint
from tenants.requests import get_tenant
from tenants.scopes import Scope
from tenants.webhooks import services
from tenants.webhooks.replays import ReplayedEvents, replay_delivery, replay_events
from tenants.webhooks.serializers import (
    DeliveryDetailSerializer,
    DeliveryListSerializer,
    DeliverySerializer,
    MadeWebhookSerializer,
    ReplayedSerializer,
    ReplaySerializer,
    WebhookChangeSerializer,
    WebhookCreateSerializer,
    WebhookRotateSerializer,
    WebhookSerializer,
)


class WebhookViewSet(IdempotentActions, viewsets.GenericViewSet[WebhookEndpoint]):
    """The tenant's webhook endpoints."""

    queryset = WebhookEndpoint.objects.none()
    serializer_class = WebhookSerializer
    read_scope = Scope.WEBHOOKS
    write_scope = Scope.WEBHOOKS

    @extend_schema(responses=WebhookSerializer(many=True))
    def list(self, request: Request) -> Response:
        """List the endpoints, newest first."""
        validated_query(request)
        rows = WebhookEndpoint.objects.for_tenant(get_tenant(request)).order_by("-created_at", "-id")
        return paginated_response(self, rows, WebhookSerializer)

    @declare_problems("webhook_refused", "too_many_webhooks")
    @extend_schema(request=WebhookCreateSerializer, responses={201: MadeWebhookSerializer})
    def create(self, request: Request) -> Response:
        """Make an endpoint that is told of events from now on. The answer alone shows its secret."""
        wanted = validated(WebhookCreateSerializer(data=request.data))
        made = services.create_endpoint(tenant=get_tenant(request), **wanted)
        return created_response(_describe_made(made), location=f"/api/v1/webhooks/{made.endpoint.pk}")

    @extend_schema(responses=WebhookSerializer)
    def retrieve(self, request: Request, pk: UUID) -> Response:
        """Read an endpoint and how it does."""
        return Response(WebhookSerializer(services.get_endpoint(tenant=get_tenant(request), endpoint_id=pk)).data)

    @declare_problems("webhook_refused")
    @extend_schema(request=WebhookChangeSerializer, responses=WebhookSerializer)
    def partial_update(self, request: Request, pk: UUID) -> Response:
        """Change, disable or enable an endpoint."""
        changes = validated(WebhookChangeSerializer(data=request.data))
        endpoint = services.change_endpoint(tenant=get_tenant(request), endpoint_id=pk, changes=changes)
        return Response(WebhookSerializer(endpoint).data)

    def destroy(self, request: Request, pk: UUID) -> Response:
        """Delete an endpoint and its deliveries. What is being sent at this moment still arrives."""
        services.delete_endpoint(tenant=get_tenant(request), endpoint_id=pk)
        return Response(status=status.HTTP_204_NO_CONTENT)

    @extend_schema(request=WebhookRotateSerializer, responses=MadeWebhookSerializer)
    def rotate(self, request: Request, pk: UUID) -> Response:
        """Make a new secret. The answer alone shows it; the one before signs too until the overlap ends."""
        wanted = validated(WebhookRotateSerializer(data=request.data))
        made = services.rotate_secret(tenant=get_tenant(request), endpoint_id=pk, **wanted)
        return Response(_describe_made(made))

    @declare_problems("webhook_disabled")
    @extend_schema(request=None, responses={202: DeliverySerializer})
    def test(self, request: Request, pk: UUID) -> Response:
        """Send a message of the type `webhook.test`, once. Read the delivery to see what was answered."""
        return _delivery_response(services.send_test(tenant=get_tenant(request), endpoint_id=pk))

    @declare_problems("webhook_disabled", "too_many_events")
    @extend_schema(request=ReplaySerializer, responses={202: ReplayedSerializer})
    def replay(self, request: Request, pk: UUID) -> Response:
        """Send the events of a range of time again, under the ids that they had."""
        wanted = validated(ReplaySerializer(data=request.data))
        count = replay_events(
            tenant=get_tenant(request),
            endpoint_id=pk,
            after=wanted["after"],
            before=wanted["before"],
            which=ReplayedEvents(wanted["which"]),
        )
        return Response({"count": count}, status=status.HTTP_202_ACCEPTED)


class DeliveryViewSet(IdempotentActions, viewsets.GenericViewSet[WebhookDelivery]):
    """What was sent, and is to be sent, to one endpoint."""

    queryset = WebhookDelivery.objects.none()
    serializer_class = DeliverySerializer
    read_scope = Scope.WEBHOOKS
    write_scope = Scope.WEBHOOKS

    @extend_schema(parameters=[DeliveryListSerializer], responses=DeliverySerializer(many=True))
    def list(self, request: Request, pk: UUID) -> Response:
        """List the deliveries, newest first."""
        wanted = validated_query(request, DeliveryListSerializer)
        tenant = get_tenant(request)
        endpoint = services.get_endpoint(tenant=tenant, endpoint_id=pk)
        rows = WebhookDelivery.objects.for_tenant(tenant).filter(endpoint=endpoint).defer("body")
        for parameter, column in _FILTER_COLUMNS.items():
            if parameter in wanted:
                rows = rows.filter(**{column: wanted[parameter]})
        return paginated_response(self, rows.order_by("-created_at", "-id"), DeliverySerializer)

    @extend_schema(responses=DeliveryDetailSerializer)
    def retrieve(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """Read a delivery: what is sent, and what each attempt was answered with."""
        rows = WebhookDelivery.objects.for_tenant(get_tenant(request)).filter(endpoint=pk, pk=delivery)
        if (found := rows.first()) is None:
            raise NotFound("There is no such delivery.")
        return Response(DeliveryDetailSerializer(found).data)

    @declare_problems("webhook_disabled")
    @extend_schema(request=None, responses={202: DeliverySerializer})
    def replay(self, request: Request, pk: UUID, delivery: UUID) -> Response:
        """Send it again under the same id. The new delivery is a `replay`."""
        tenant = get_tenant(request)
        return _delivery_response(replay_delivery(tenant=tenant, endpoint_id=pk, delivery_id=delivery))


_FILTER_COLUMNS = {
    "status": "status",
    "kind": "kind",
    "event_type": "event_type",
    "created_after": "created_at__gt",
}


def _describe_made(made: services.MadeEndpoint) -> object:
    return MadeWebhookSerializer(made.endpoint, context={"secret": made.secret}).data


def _delivery_response(delivery: WebhookDelivery) -> Response:
    return Response(
        DeliverySerializer(delivery).data,
        status=status.HTTP_202_ACCEPTED,
        headers={"Location": f"/api/v1/webhooks/{delivery.endpoint_id}/deliveries/{delivery.pk}"},
    )
