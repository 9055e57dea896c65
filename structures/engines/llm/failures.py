"""Telling errors that concern one question from those of the whole generation."""

from __future__ import annotations

from llm.errors import ModelsExhausted
from structures.engines.base.llm_client import TooLargeForModel


def describe_failure(error: Exception) -> dict[str, str] | None:
    """Return code and message of an error that concerns one question alone; None for all others.

    Those are the whole generation's: an outage, a budget, a cancellation, keys that are refused, a fault of ours.
    """
    reason = error.reason if isinstance(error, TooLargeForModel) else error
    if not isinstance(reason, ModelsExhausted) or not reason.concerns_question:
        return None
    return {"code": reason.code, "message": str(reason)}
