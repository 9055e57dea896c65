"""In which space the vectors of texts lie now, and whether there can be any."""

from __future__ import annotations

from llm.embeddings import EMBED_TEXTS
from llm.errors import NoProvider, RegistryUnusable, UnknownAction
from llm.router.factory import get_model_router
from llm.router.router import VectorSpace
from materials.vector_extension import INSTALL_HINT, has_vector_extension
from project.errors import RuleViolation
from tenants.models import Tenant


class VectorsUnavailable(RuleViolation):
    """The database cannot compare vectors."""

    code = "vectors_unavailable"
    next_step = f"An operator must act: {INSTALL_HINT}"


def require_vector_space(tenant: Tenant) -> VectorSpace:
    """Return the space of the vectors that are made now for the tenant.

    Raises VectorsUnavailable without the extension, and NoProvider, UnknownAction or RegistryUnusable without a model.
    """
    space = get_model_router(tenant).get_vector_space(EMBED_TEXTS)
    if not has_vector_extension():
        raise VectorsUnavailable("The database lacks the extension pgvector, so that vectors cannot be compared.")
    return space


def find_vector_space(tenant: Tenant) -> tuple[VectorSpace | None, str]:
    """Return the space of the vectors that are made now; or None, with why there is none and what to do about it."""
    try:
        return require_vector_space(tenant), ""
    except (VectorsUnavailable, NoProvider, UnknownAction, RegistryUnusable) as exc:
        return None, f"{exc} {exc.next_step}"
