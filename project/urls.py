"""Every route of the system."""

from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path, re_path
from django.views.generic import RedirectView

from project import health
from project.admin_login import log_in
from project.api import MeView, SchemaView, SwaggerView, show_error_code
from project.http.problems import api_not_found

handler400 = "project.http.problems.bad_request"
handler403 = "project.http.problems.permission_denied"
handler404 = "project.http.problems.not_found"
handler500 = "project.http.problems.server_error"

api_v1: list[URLPattern | URLResolver] = [
    path("me", MeView.as_view(), name="me"),
    path("", include("tenants.api_keys.urls")),
    path("", include("tenants.events.urls")),
    path("", include("project.jobs.urls")),
    path("", include("tenants.webhooks.urls")),
    path("", include("llm.urls")),
    path("", include("materials.urls")),
    path("", include("structures.urls")),
]

urlpatterns = [
    path("", RedirectView.as_view(url="/api/docs")),
    path("api/v1/", include(api_v1)),
    path("api/schema", SchemaView.as_view(), name="schema"),
    path("api/docs", SwaggerView.as_view(url_name="schema"), name="docs"),
    path("api/errors/<slug:code>", show_error_code, name="error"),
    re_path("^api/", api_not_found),
    path("shared/", include("structures.shared_links.urls")),
    path("health/live", health.check_liveness, name="live"),
    path("health/ready", health.check_readiness, name="ready"),
    path("admin/login/", log_in),
    path("admin/courses/", include("structures.course_admin.urls")),
    path("admin/", admin.site.urls),
]
