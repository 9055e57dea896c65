"""Requests to models and their replies, as frozen values that are the same for every vendor."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Picture:
    """An image in a request. `media_type` is image/png, image/jpeg, image/webp or image/gif."""

    data: bytes
    media_type: str


@dataclass(frozen=True, kw_only=True)
class Clip:
    """A video that the provider stores as `uri`, and the part of it that is meant (milliseconds; None: to its ends)."""

    uri: str
    media_type: str
    start_ms: int | None = None
    end_ms: int | None = None


class EmbeddingPurpose(StrEnum):
    """What a vector is for: many models make one for a text that is found, and another for what is looked for."""

    DOCUMENT = "document"
    QUERY = "query"


@dataclass(frozen=True, kw_only=True)
class EmbeddingInput:
    """The texts of one request for vectors, as they are sent: with the prefix that the model has for their purpose."""

    texts: tuple[str, ...]
    purpose: EmbeddingPurpose


@dataclass(frozen=True, kw_only=True)
class ModelRequest:
    """One request to a model. With `embedding` it asks for a vector of each of those texts, and for nothing else.

    `prompt_version` names the template that the texts were made from. `max_output_tokens` limits the answer, thinking
    included; None takes the action's `output_tokens` of the registry. `repeats_system` says that other requests with
    the same `system` come within minutes: for vendors that keep a prompt's beginning only when they are told to.
    """

    prompt: str
    system: str = ""
    pictures: tuple[Picture, ...] = ()
    clips: tuple[Clip, ...] = ()
    embedding: EmbeddingInput | None = None
    max_output_tokens: int | None = None
    prompt_version: str = ""
    repeats_system: bool = False


@dataclass(frozen=True, kw_only=True)
class TokenUsage:
    """Tokens as they are billed, the same for every vendor.

    `input_tokens` includes `cached_tokens` (read from the vendor's cache), `cache_write_tokens` and `audio_tokens`;
    `output_tokens` includes `thinking_tokens`. `estimated`: the server sent no counts, and these are estimates.
    """

    input_tokens: int = 0
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    audio_tokens: int = 0
    output_tokens: int = 0
    thinking_tokens: int = 0
    estimated: bool = False


@dataclass(frozen=True, kw_only=True)
class AnswerProgress:
    """How much of an answer has arrived: characters, thinking included, of the model's present attempt."""

    model: str
    characters: int


@dataclass(frozen=True, kw_only=True)
class ModelReply:
    """A complete answer. `model` is the name of the model that answered, as the vendor states it.

    `vectors` answer a request for them: one of length 1 for each text, in order; `text` is blank then.
    """

    text: str
    usage: TokenUsage
    model: str
    request_id: str = ""
    vectors: tuple[tuple[float, ...], ...] = ()


def estimate_token_count(characters: int, octets: int) -> int:
    """Return an upper estimate of a text's tokens from its length in characters and in UTF-8 bytes (`octets`).

    A third of a token for each character, and half a token for each byte beyond ASCII: no current tokenizer needs more
    for prose or code in Latin, Cyrillic or CJK scripts.
    """
    return -(-characters // 3) + (octets - characters + 1) // 2


def estimate_text_tokens(text: str) -> int:
    """Return an upper estimate of the tokens of a text."""
    return estimate_token_count(len(text), len(text.encode(errors="replace")))


def expect_text_tokens(text: str) -> int:
    """Return about how many tokens a text has, for what is planned: often less, as often more.

    Between what the vocabularies of OpenAI (o200k), Gemini and Claude (as published) make of materials in English and
    Ukrainian: of each of eight sample courses 0.76 to 1.13 times as many.
    """
    return round(len(text) * 0.29 + (len(text.encode(errors="replace")) - len(text)) * 0.22)


def cut_text(text: str, *, tokens: int) -> str:
    """Return the longest beginning of a text that has at most so many tokens by our estimate."""
    # No character is estimated at less than a third of a token.
    text = text[: 3 * tokens]
    if estimate_text_tokens(text) <= tokens:
        return text
    fits, too_long = 0, len(text)
    while too_long - fits > 1:
        middle = (fits + too_long) // 2
        fits, too_long = (middle, too_long) if estimate_text_tokens(text[:middle]) <= tokens else (fits, middle)
    return text[:fits]


@dataclass(frozen=True, kw_only=True)
class ContextCapacity:
    """How many tokens one request may have, and what one token of plain input and of output costs, in dollars."""

    model: str
    input_tokens: int
    output_tokens: int
    input_price: Decimal
    output_price: Decimal


# More than any vendor counts for one picture of up to 1568 pixels a side.
PICTURE_TOKENS = 2_000

# At high resolution Gemini counts 280 tokens for the one frame of each second (older models 258), 32 for its sound, and
# some for the time stamps.
CLIP_TOKENS_PER_SECOND = 320
# A clip without an end lasts to the recording's end, which is not known here: the longest that is sent as a whole.
WHOLE_CLIP_MS = 3_600_000


def estimate_usage(request: ModelRequest, text: str) -> TokenUsage:
    """Return an estimated usage for an answer whose server sent none."""
    return TokenUsage(
        input_tokens=estimate_input_tokens(request), output_tokens=estimate_text_tokens(text), estimated=True
    )


def estimate_input_tokens(request: ModelRequest) -> int:
    """Return an upper estimate of the input tokens of a request, pictures, clips and texts to embed included."""
    clips = sum(max(0, (clip.end_ms or WHOLE_CLIP_MS) - (clip.start_ms or 0)) for clip in request.clips)
    return (
        estimate_text_tokens(request.system)
        + estimate_text_tokens(request.prompt)
        + PICTURE_TOKENS * len(request.pictures)
        + CLIP_TOKENS_PER_SECOND * clips // 1000
        + (sum(map(estimate_text_tokens, request.embedding.texts)) if request.embedding is not None else 0)
    )
