"""Pages of other origins: what their browsers are told (https://fetch.spec.whatwg.org/#http-cors-protocol)."""

from __future__ import annotations

from corsheaders.middleware import CorsMiddleware
from django.http import HttpRequest
from django.http.response import HttpResponseBase


class PreflightMiddleware(CorsMiddleware):
    """Adds the headers of CORS to answers of the API, and answers preflights with 204 before anybody asks for a key.

    Which origins, methods and headers are allowed is in the settings (`CORS_...`). Of an origin that is not, the answer
    says nothing, and the browser refuses the page.
    """

    def check_preflight(self, request: HttpRequest) -> HttpResponseBase | None:
        response = super().check_preflight(request)
        if response is not None:
            response.status_code = 204
            # RFC 9110, 8.6: a 204 has none.
            del response["Content-Length"]
        return response
