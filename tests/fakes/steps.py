"""What a fake vendor does with a request, in words that hold for all of them.

Tokens are told in one arithmetic, and each server turns them into its vendor's: `input_tokens` includes the cached, the
cache-write and the audio tokens, `output_tokens` includes the thinking.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import KW_ONLY, dataclass, field
from typing import Literal


@dataclass(frozen=True, kw_only=True)
class Tokens:
    """What one response counts."""

    input_tokens: int = 100
    cached_tokens: int = 0
    cache_write_tokens: int = 0
    output_tokens: int = 20
    thinking_tokens: int = 0
    audio_tokens: int = 0


@dataclass(frozen=True, kw_only=True)
class Reply(Tokens):
    """A 200 in the vendor's form: sent after `after` seconds, by the model asked for or by `model`."""

    model: str = ""
    after: float = 0.0


@dataclass(frozen=True)
class Answer(Reply):
    """A whole answer."""

    text: str = "Hello."


@dataclass(frozen=True)
class Vectors(Reply):
    """An answer to a request for vectors. With `is_counted` False it tells no usage, as some servers do."""

    rows: tuple[tuple[float, ...], ...] = ()
    _: KW_ONLY
    is_counted: bool = True


@dataclass(frozen=True)
class Truncated(Reply):
    """An answer that ran into the limit of output tokens. It is billed."""

    text: str = "Hel"


@dataclass(frozen=True)
class Refusal(Reply):
    """A refusal by the model (`answer`) or by the filter before it (`prompt`: then no output is counted)."""

    reason: str = "I cannot help with that."
    where: Literal["answer", "prompt"] = "answer"


@dataclass(frozen=True)
class Empty(Reply):
    """A 200 that is no answer: `{}` (it counts nothing), a body with an empty list of answers, or a text of blanks."""

    kind: Literal["body", "list", "text"] = "body"


@dataclass(frozen=True)
class Fail:
    """An error in the vendor's form; what is blank is what the vendor sends for that status.

    `code` is OpenAI's code, Anthropic's type or finer error code, Google's status. `param` is OpenAI's; `retry_delay`
    (such as "13s"), `quota_id` and `reason` are details of Google's. `retry_after` is a header of them all.
    """

    status: int
    _: KW_ONLY
    code: str = ""
    message: str = ""
    retry_after: str = ""
    retry_delay: str = ""
    quota_id: str = ""
    reason: str = ""
    param: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Hang:
    """Take the request and send nothing, then close; ends at once when the client goes or the server stops."""

    seconds: float = 30


@dataclass(frozen=True)
class Drip:
    """Send the head, a blank line every tenth of a second for so long, then the answer, as DeepSeek does."""

    seconds: float
    then: Answer = field(default_factory=Answer)


@dataclass(frozen=True)
class Trickle:
    """Send the parts of an answer one by one, with so many seconds between them, to a client that asked for parts.

    With `stops_after`, send so many parts and then nothing more, or with `breaks_off` close the connection in order.
    """

    seconds: float = 0.1
    then: Answer = field(default_factory=Answer)
    stops_after: int | None = None
    breaks_off: bool = False


@dataclass(frozen=True)
class Reset:
    """Announce a whole answer, send so many bytes of its body, and reset the connection."""

    after_bytes: int = 20


@dataclass(frozen=True)
class Raw:
    """Send exactly this."""

    status: int
    body: bytes
    content_type: str = "application/json"
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Redirect:
    """Send the client elsewhere."""

    location: str
    status: int = 307


Step = Answer | Vectors | Truncated | Refusal | Empty | Fail | Hang | Drip | Trickle | Reset | Raw | Redirect
