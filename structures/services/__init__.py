"""The verbs that change structures."""

from structures.services.generation import Requested, generate_structure, request_generation
from structures.services.planning import plan_generation

__all__ = ["Requested", "generate_structure", "plan_generation", "request_generation"]
