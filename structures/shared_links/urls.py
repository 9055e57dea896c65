"""The routes that shared links open, outside the API."""

from django.urls import path

from structures.shared_links.views import SharedPageViewSet

urlpatterns = [
    path("<slug:token>", SharedPageViewSet.as_view({"get": "retrieve_page"}), name="shared-page"),
    path(
        "<slug:token>/evidence/<uuid:reference>",
        SharedPageViewSet.as_view({"get": "retrieve_evidence"}),
        name="shared-evidence",
    ),
    path(
        "<slug:token>/evidence/<uuid:reference>/media",
        SharedPageViewSet.as_view({"get": "retrieve_media"}),
        name="shared-media",
    ),
    path(
        "<slug:token>/evidence/<uuid:reference>/captions",
        SharedPageViewSet.as_view({"get": "retrieve_captions"}),
        name="shared-captions",
    ),
    path(
        "<slug:token>/evidence/<uuid:reference>/picture",
        SharedPageViewSet.as_view({"get": "retrieve_picture"}),
        name="shared-picture",
    ),
]
