"""Asking a question whose answer is checked, and once more when it does not hold."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from pydantic import BaseModel

from structures.engines.base.llm_client import LLMClient
from structures.engines.llm.failures import describe_failure

T = TypeVar("T", bound=BaseModel)


def complete_checked(
    action: str,
    values: Mapping[str, object],
    wanted: type[T],
    llm: LLMClient,
    find_faults: Callable[[T], list[str]],
) -> tuple[T, list[str]]:
    """Return a model's answer, and the faults that it has although the question was asked again with them named.

    Raises what the LLM client raises for the first answer.
    """
    return mend_answer(llm.complete(action, values, wanted), action, values, llm, find_faults)


def mend_answer(
    first: T,
    action: str,
    values: Mapping[str, object],
    llm: LLMClient,
    find_faults: Callable[[T], list[str]],
) -> tuple[T, list[str]]:
    """Return an answer without faults as it is; else ask once more with them named, and return the one with fewer.

    A second answer that cannot be used leaves the first.
    """
    faults = find_faults(first)
    if not faults:
        return first, []
    try:
        second = llm.complete(action, {**values, "faults": "; ".join(faults)}, type(first))
    except Exception as exc:
        # An outage is waited for, as for any other question.
        if describe_failure(exc) is None:
            raise
        return first, faults
    left = find_faults(second)
    return (second, left) if len(left) < len(faults) else (first, faults)
