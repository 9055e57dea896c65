"""The clients of batch APIs, for new batches and for those that are under way."""

from __future__ import annotations

from collections.abc import Callable

from llm.errors import ModelUnknown
from llm.messages import ModelRequest
from llm.providers.base import ProviderCall
from llm.providers.batches import BatchClient
from llm.registry import ModelSpec
from llm.router.router import ModelRouter

# To send a batch of up to 64 MB.
SUBMIT_SECONDS = 600.0


def open_client(router: ModelRouter, provider: str, key: str = "") -> tuple[BatchClient, str]:
    """Return the client of a provider's batch API with the given key, by default its first, and that key's variable.

    A batch belongs to the account of its key. Raises a ProviderError for a provider that cannot be asked any more.
    """
    spec = router.get_registry().providers.get(provider)
    if spec is None:
        raise ModelUnknown(f"there is no provider {provider} in the registry any more")
    keys = router.services.providers.list_keys(spec)
    chosen = key or (keys[0] if keys else "")
    return router.services.providers.get_provider(provider, spec, chosen).get_batches(), chosen


def build_limit(
    model: ModelSpec, *, seconds: float, max_output_tokens: int = 0, checkpoint: Callable[[], None] | None = None
) -> ProviderCall:
    """Return what limits a request to a batch API: its time, and how large each answer of the batch may be."""
    return ProviderCall(
        request=ModelRequest(prompt=""),
        model=model,
        max_output_tokens=max_output_tokens,
        seconds=seconds,
        checkpoint=checkpoint,
    )
