"""The routes of the process that waits: a part of those of `project.urls`, whose other views are never loaded here."""

from django.urls import include, path, re_path

from project import health
from project.http.problems import api_not_found
from project.jobs.views import JobEventsViewSet, JobViewSet
from structures.node_status.views import NodeEventsViewSet

handler400 = "project.http.problems.bad_request"
handler403 = "project.http.problems.permission_denied"
handler404 = "project.http.problems.not_found"
handler500 = "project.http.problems.server_error"

# The same addresses: restrictions of keys look at the route.
api_v1 = [
    path("jobs/<uuid:pk>", JobViewSet.as_view({"get": "retrieve"})),
    path("jobs/<uuid:pk>/events", JobEventsViewSet.as_view({"get": "stream_events"})),
    path("nodes/<uuid:pk>/events", NodeEventsViewSet.as_view({"get": "stream_events"})),
]

urlpatterns = [
    path("api/v1/", include(api_v1)),
    re_path("^api/", api_not_found),
    path("health/live", health.check_liveness),
]
