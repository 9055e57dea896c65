"""Which sources the pages of this server may load: a Content-Security-Policy on every page."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

_COMMON = (
    "default-src 'self'; img-src 'self' data:; style-src 'self' 'unsafe-inline'; object-src 'none'; base-uri 'self'; "
    "form-action 'self'; frame-ancestors 'none'"
)
# The theme of the admin has scripts in its pages, and Alpine, which evaluates the expressions of attributes.
ADMIN_POLICY = f"{_COMMON}; script-src 'self' 'unsafe-inline' 'unsafe-eval'"
POLICY = f"{_COMMON}; script-src 'self'"


class ContentSecurityMiddleware:
    """Adds the policy to HTML that has none of its own. Django itself brings this with version 6."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self._get_response(request)
        if response.get("Content-Type", "").startswith("text/html"):
            policy = ADMIN_POLICY if request.path.startswith("/admin/") else POLICY
            response.setdefault("Content-Security-Policy", policy)
        return response
