"""Refusal of bodies without an announced length."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse

from project.http.problems import length_required


class ContentLengthMiddleware:
    """Refuses a body sent in chunks without `Content-Length`, which Django would take for an empty one."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "Transfer-Encoding" in request.headers and not request.headers.get("Content-Length"):
            return length_required(request)
        return self._get_response(request)
