"""The admin's log-in page with a limit on wrong passwords."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from functools import wraps

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

from project import logs
from project.http.problems import problem_response
from tenants.rate_limits import RateLimit, clear_limit, consume_request, get_client_bucket

# Of one client IP for one user name, and for all user names together. The least password has 12 characters and is not a
# common one (AUTH_PASSWORD_VALIDATORS): 480 tries a day find none, and a person who mistypes five times can wait.
WINDOW_MINUTES = 15
TRIES_PER_NAME, TRIES_PER_CLIENT = 5, 25
MAX_NAME_LENGTH = 150  # of Django's User; longer names are refused by the form

log = logs.get_logger(__name__)


def limit_logins(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap a log-in view: after too many failures it answers 429 without looking at the password.

    Each try is counted before its password is verified, so that tries at the same time do not pass together; the user
    name's count ends with a success. That of the client IP does not, which whoever has an account could end at will.
    """

    @wraps(view)
    def limited_view(request: HttpRequest) -> HttpResponseBase:
        if request.method != "POST":
            return view(request)
        # As Django's form reads it: the same name in other characters must not count apart.
        name = unicodedata.normalize("NFKC", request.POST.get("username", "")[:MAX_NAME_LENGTH]).strip()
        of_name = _build_limit(request, "admin-login-name", TRIES_PER_NAME, name.casefold())
        of_client = _build_limit(request, "admin-login", TRIES_PER_CLIENT, "")
        for limit in (of_name, of_client):
            verdict = consume_request(limit)
            if not verdict.is_allowed:
                return _refuse_login(request, verdict.reset_seconds)
        response = view(request)
        if response.status_code == 302:  # the form, with what is wrong, is a 200
            clear_limit(of_name)
        return response

    return limited_view


log_in = limit_logins(admin.site.login)


def _build_limit(request: HttpRequest, policy: str, limit: int, scope: str) -> RateLimit:
    return RateLimit(policy=policy, limit=limit, minutes=WINDOW_MINUTES, owner=get_client_bucket(request, scope=scope))


def _refuse_login(request: HttpRequest, seconds: int) -> HttpResponse:
    log.warning("log-in refused, too many tries")
    return problem_response(
        request,
        status=429,
        code="rate_limited",
        detail="Too many log-ins with a wrong password.",
        next_step=f"Try again in {-(-seconds // 60)} minutes.",
        headers={"Retry-After": str(seconds)},
    )
