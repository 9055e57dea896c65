"""What goes to a model and what comes back, as frozen values that name no vendor."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image for the model to look at. `media_type` is image/png, image/jpeg, image/webp or image/gif."""

    data: bytes
    media_type: str


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A video that the provider can reach under `uri`, and the part of it that is meant (milliseconds)."""

    uri: str
    media_type: str
    start_ms: int | None = None
    end_ms: int | None = None


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """One question to a model.

    `prompt_version` names the template that the texts were made from. `max_output_tokens` is the room for the answer,
    thinking included; None takes what the registry says of the action.
    """

    prompt: str
    system: str = ""
    pictures: tuple[Picture, ...] = ()
    clips: tuple[Clip, ...] = ()
    max_output_tokens: int | None = None
    prompt_version: str = ""


@dataclass(frozen=True, kw_only=True)
class TokenUsage:
    """Tokens as they are billed, the same for every vendor.

    `input_tokens` includes `cached_tokens` (read from the vendor's cache), `cache_write_tokens` and `audio_tokens`;
    `output_tokens` includes `thinking_tokens`. `estimated` says that the server gave no numbers and these are ours.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    audio_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, kw_only=True)
class ModelReply:
    """A whole answer. `model` is the name under which the vendor says it answered."""

    text: str
    usage: TokenUsage
    model: str
    request_id: str = ""


def estimate_token_count(characters: int, octets: int) -> int:
    """Return a safe estimate of the tokens of a text from its length in characters and in UTF-8 bytes.

    A third of a token for each character, and half a token for each byte beyond ASCII: no current tokenizer needs more
    for prose or code in Latin, Cyrillic or CJK scripts.
    """
    return -(-characters // 3) + (octets - characters + 1) // 2


def estimate_text_tokens(text: str) -> int:
    """Return a safe estimate of the tokens of a text."""
    return estimate_token_count(len(text), len(text.encode(errors="replace")))


@dataclass(frozen=True, kw_only=True)
class ContextCapacity:
    """How much one request takes, in tokens, and what a token of plain input and of output costs, in dollars."""

    model: str
    input_tokens: int
    output_tokens: int
    input_price: Decimal
    output_price: Decimal


PICTURE_TOKENS = 2_000
"""More than any vendor counts for one picture of up to 1568 pixels a side."""

CLIP_TOKENS_PER_SECOND = 300
"""What Gemini counts for a second of video with its sound."""


def estimate_usage(request: ModelRequest, text: str) -> TokenUsage:
    """Return our own count for an answer whose server gives none."""
    return TokenUsage(
        input_tokens=estimate_input_tokens(request), output_tokens=estimate_text_tokens(text), estimated=True
    )


def estimate_input_tokens(request: ModelRequest) -> int:
    """Return a safe estimate of all that a request sends, in tokens."""
    clips = sum(max(0, (clip.end_ms or 3_600_000) - (clip.start_ms or 0)) for clip in request.clips)
    return (
        estimate_text_tokens(request.system)
        + estimate_text_tokens(request.prompt)
        + PICTURE_TOKENS * len(request.pictures)
        + CLIP_TOKENS_PER_SECOND * clips // 1000
    )
