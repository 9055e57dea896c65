"""The routes of jobs."""

from django.urls import path

from project.jobs.views import JobEventsViewSet, JobViewSet

urlpatterns = [
    path("jobs", JobViewSet.as_view({"get": "list"}), name="jobs"),
    path("jobs/<uuid:pk>", JobViewSet.as_view({"get": "retrieve"}), name="job"),
    path("jobs/<uuid:pk>/events", JobEventsViewSet.as_view({"get": "stream_events"}), name="job-events"),
    path("jobs/<uuid:pk>/cancel", JobViewSet.as_view({"post": "cancel"}), name="job-cancel"),
    path("jobs/<uuid:pk>/retry", JobViewSet.as_view({"post": "retry"}), name="job-retry"),
]
