"""URL patterns of the API for API keys."""

from django.urls import path

from tenants.api_keys.views import KeyViewSet

urlpatterns = [
    path("keys", KeyViewSet.as_view({"get": "list", "post": "create"}), name="keys"),
    path(
        "keys/<uuid:pk>",
        KeyViewSet.as_view({"get": "retrieve", "patch": "partial_update", "delete": "destroy"}),
        name="key",
    ),
    path("keys/<uuid:pk>/rotate", KeyViewSet.as_view({"post": "rotate"}), name="key-rotate"),
]
