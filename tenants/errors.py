"""Errors of authentication and permission, and of changes to tenants and keys.

* DomainError
  x Unauthenticated      401  no key, or not one that works; `code` says which
  x ScopeMissing         403  the key may not do this
  x TenantRefused        422  the tenant or key cannot be changed like that
"""

from __future__ import annotations

from project.errors import DomainError, RuleViolation


class Unauthenticated(DomainError):
    """The request has no key, or one that does not work; `code` says which."""

    code = "not_authenticated"
    status = 401
    next_step = "Send a valid key in the header X-API-Key. Operators issue keys with `manage.py issue_api_key`."


class ScopeMissing(DomainError):
    """The key has no scope that allows the request."""

    code = "scope_missing"
    status = 403


class TenantRefused(RuleViolation):
    """The change of a tenant or key is not valid."""

    code = "tenant_refused"
