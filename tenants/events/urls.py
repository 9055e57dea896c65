"""The routes of the log of events."""

from django.urls import path

from tenants.events.views import EventViewSet

urlpatterns = [
    path("events", EventViewSet.as_view({"get": "list"}), name="events"),
    path("events/<uuid:pk>", EventViewSet.as_view({"get": "retrieve"}), name="event"),
]
