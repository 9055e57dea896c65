"""Who may open the pages of courses, and whose rows they see."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth.models import AnonymousUser, User
from django.db.models import QuerySet

from materials.models import MaterialEntry, MaterialNode
from project.errors import DomainError, NotFound
from structures.models import CommentThread, StructureSnapshot, WorkingCopy
from tenants.actors import Actor, describe_user
from tenants.memberships import find_membership, is_operator
from tenants.models import Tenant

Owned = type[CommentThread] | type[MaterialEntry] | type[MaterialNode] | type[StructureSnapshot] | type[WorkingCopy]
PERMISSION = "tenants.edit_courses"


class PageClosed(DomainError):
    """The user is logged in, but may not open the pages of courses."""

    code = "forbidden"
    status = 403
    next_step = "Ask an operator to make you a methodologist of your tenant: Tenant memberships, in the admin."


@dataclass(frozen=True, kw_only=True)
class Access:
    """A user of the pages, and the one tenant whose rows they see; None for an operator, who sees all."""

    user: User
    tenant: Tenant | None

    @property
    def actor(self) -> Actor:
        return describe_user(self.user)

    @property
    def is_operator(self) -> bool:
        return self.tenant is None

    def find_tenant(self, model: Owned, row_id: UUID) -> Tenant:
        """Return the tenant with which services are asked for a row: a member's own, an operator's the row's.

        Raises NotFound when an operator asks for a row that is not there. That a member's row is their tenant's is
        left to the services, which take the tenant.
        """
        if self.tenant is not None:
            return self.tenant
        rows: QuerySet[MaterialNode] = model._default_manager.filter(pk=row_id)  # type: ignore[assignment]  # one of them
        tenant = Tenant.objects.filter(pk__in=rows.values("tenant")).first()
        if tenant is None:
            raise NotFound(f"There is nothing with the id {row_id}.")
        return tenant


def read_access(user: User | AnonymousUser) -> Access | None:
    """Return what a user may see, None for one who is not logged in. Raises PageClosed."""
    if not user.is_authenticated:
        return None
    if is_operator(user):
        return Access(user=user, tenant=None)
    membership = find_membership(user)
    if membership is None or not user.is_staff or not user.has_perm(PERMISSION):
        raise PageClosed("These pages are for operators, and for methodologists of a tenant.")
    if not membership.tenant.is_active:
        raise PageClosed(
            f"The tenant {membership.tenant} is suspended.", next_step="Ask an operator to resume the tenant."
        )
    return Access(user=user, tenant=membership.tenant)
