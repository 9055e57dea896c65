"""The provider of sandboxes: answers by itself, at once, the same to the same request. No vendor is asked."""

from __future__ import annotations

from llm.errors import ModelUnsuited
from llm.messages import (
    CLIP_TOKENS_PER_SECOND,
    PICTURE_TOKENS,
    WHOLE_CLIP_MS,
    ModelReply,
    ModelRequest,
    TokenUsage,
    expect_text_tokens,
)
from llm.providers.base import Provider, ProviderCall
from llm.providers.batches import BatchClient
from llm.providers.factory import list_missing_variables
from llm.registry import ProviderSpec
from llm.sandbox.answers import write_answer
from llm.sandbox.vectors import build_vector

# In place of the name by which a vendor calls its model, and of its request's id.
SERVED_BY = "sandbox"


class SandboxProvider:
    """A provider whose answers are computed here. The tokens that it counts are those that a vendor would expect."""

    def complete(self, call: ProviderCall) -> ModelReply:
        if call.checkpoint is not None:
            call.checkpoint()
        text = write_answer(call.request, call.schema.name if call.schema is not None else "")
        usage = TokenUsage(
            input_tokens=_count_input_tokens(call.request), output_tokens=expect_text_tokens(text), estimated=True
        )
        call.arrival.characters = len(text)
        return ModelReply(text=text, usage=usage, model=SERVED_BY)

    def embed_texts(self, call: ProviderCall) -> ModelReply:
        if call.checkpoint is not None:
            call.checkpoint()
        assert call.model.embedding is not None
        assert call.request.embedding is not None
        texts, dimensions = call.request.embedding.texts, call.model.embedding.dimensions
        return ModelReply(
            text="",
            vectors=tuple(build_vector(text, dimensions) for text in texts),
            usage=TokenUsage(input_tokens=sum(map(expect_text_tokens, texts)), estimated=True),
            model=SERVED_BY,
        )

    def get_batches(self) -> BatchClient:
        raise ModelUnsuited("in a sandbox every question is asked at once")


class SandboxProviderPool:
    """Gives the one provider of sandboxes in place of each that the registry names."""

    def __init__(self) -> None:
        self._provider = SandboxProvider()

    def is_present(self, spec: ProviderSpec) -> bool:
        """Tell whether the provider is configured, so that costs are those of the models that would be asked."""
        return not list_missing_variables(spec)

    def list_keys(self, spec: ProviderSpec) -> tuple[str, ...]:
        return ()

    def get_provider(self, name: str, spec: ProviderSpec, key_variable: str = "") -> Provider:
        return self._provider


def _count_input_tokens(request: ModelRequest) -> int:
    clips_ms = sum(max(0, (clip.end_ms or WHOLE_CLIP_MS) - (clip.start_ms or 0)) for clip in request.clips)
    return (
        expect_text_tokens(request.system)
        + expect_text_tokens(request.prompt)
        + PICTURE_TOKENS * len(request.pictures)
        + CLIP_TOKENS_PER_SECOND * clips_ms // 1000
    )
