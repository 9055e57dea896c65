"""The admin's site: closed to members of a tenant but for log-out, password and the pages of their courses."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from unfold.sites import UnfoldAdminSite

from tenants.memberships import find_membership

# Pages without rows of any tenant. The first sends members on to their courses.
_OPEN_TO_MEMBERS = {"index", "logout", "password_change", "password_change_done"}


class CoursewrightAdminSite(UnfoldAdminSite):
    """Tables show the rows of all tenants: whatever permissions a member of one tenant is given, they stay closed."""

    def has_permission(self, request: HttpRequest) -> bool:
        if not super().has_permission(request):
            return False
        match = request.resolver_match
        return (match is not None and match.url_name in _OPEN_TO_MEMBERS) or find_membership(request.user) is None

    def index(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:  # type: ignore[override]  # theirs is narrower
        if find_membership(request.user) is not None:
            return redirect("course_admin:courses")
        return super().index(request, extra_context)
