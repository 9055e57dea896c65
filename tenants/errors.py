"""Errors of authentication and permission, and of changes to tenants and keys.

* DomainError
  x Unauthenticated      401  no key, or not one that works; `code` says which
  x ScopeMissing         403  the key may not do this
  x KeyRestricted        403  the key is restricted to a course node, and this belongs to the whole tenant
  x ClientRefused        403  the key is restricted to networks that the client IP is not in
  x BeyondOwnPowers      403  the key would give or manage more than it has itself
  x LastManagingKey      409  nobody could manage the tenant's keys any more
  x TenantRefused        422  the tenant or key cannot be changed like that
"""

from __future__ import annotations

from project.errors import Conflict, DomainError, RuleViolation


class Unauthenticated(DomainError):
    """The request has no key, or one that does not work; `code` says which."""

    code = "not_authenticated"
    status = 401
    next_step = "Send a valid key in the header X-API-Key. Operators issue keys with `manage.py issue_api_key`."


class ScopeMissing(DomainError):
    """The key has no scope that allows the request."""

    code = "scope_missing"
    status = 403


class KeyRestricted(DomainError):
    """The key is restricted to one course node, and what is asked for belongs to the whole tenant."""

    code = "key_restricted"
    status = 403


class ClientRefused(DomainError):
    """The key is restricted to networks, and the request comes from another one."""

    code = "client_ip_not_allowed"
    status = 403
    next_step = "Send the request from one of the networks of the key, or have the key changed."


class BeyondOwnPowers(DomainError):
    """A key may neither make nor manage a key that may do more than itself."""

    code = "beyond_own_powers"
    status = 403


class LastManagingKey(Conflict):
    """Without this key nobody could manage the tenant's keys by the API any more."""

    code = "last_managing_key"


class TenantRefused(RuleViolation):
    """The change of a tenant or key is not valid."""

    code = "tenant_refused"
