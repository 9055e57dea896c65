"""The routes of webhooks."""

from django.urls import path

from tenants.webhooks.views import DeliveryViewSet, WebhookViewSet

_DELIVERY = "webhooks/<uuid:pk>/deliveries/<uuid:delivery>"

urlpatterns = [
    path("webhooks", WebhookViewSet.as_view({"get": "list", "post": "create"}), name="webhooks"),
    path(
        "webhooks/<uuid:pk>",
        WebhookViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="webhook",
    ),
    path("webhooks/<uuid:pk>/rotate", WebhookViewSet.as_view({"post": "rotate"}), name="webhook-rotate"),
    path("webhooks/<uuid:pk>/test", WebhookViewSet.as_view({"post": "test"}), name="webhook-test"),
    path("webhooks/<uuid:pk>/replay", WebhookViewSet.as_view({"post": "replay"}), name="webhook-replay"),
    path("webhooks/<uuid:pk>/deliveries", DeliveryViewSet.as_view({"get": "list"}), name="webhook-deliveries"),
    path(_DELIVERY, DeliveryViewSet.as_view({"get": "retrieve"}), name="webhook-delivery"),
    path(f"{_DELIVERY}/replay", DeliveryViewSet.as_view({"post": "replay"}), name="webhook-delivery-replay"),
]
