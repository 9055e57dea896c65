"""What a fake vendor remembers: what it was asked, and what it billed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.fakes.steps import Tokens


@dataclass(frozen=True, kw_only=True)
class Video:
    """A part of a prompt that is a recording: its URI, or "inline"; offsets as sent, blank when there are none."""

    uri: str
    mime_type: str = ""
    start: str = ""
    end: str = ""


@dataclass(frozen=True, kw_only=True)
class Asked:
    """One request as it arrived: header names in lower case, the body as JSON ({} when it is none).

    The properties read the vendor's form, and are blank where the request says nothing.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: dict[str, Any]
    at: float
    query: Mapping[str, str] = field(default_factory=dict)
    content: bytes = field(default=b"", repr=False)

    @property
    def model(self) -> str:
        """The model that was asked."""
        return str(self.body.get("model") or "")

    @property
    def system(self) -> str:
        """The instructions."""
        raise NotImplementedError

    @property
    def prompt(self) -> str:
        """The texts of the user's turns, one a line."""
        raise NotImplementedError

    @property
    def images(self) -> list[bytes]:
        """The pictures of the user's turns."""
        raise NotImplementedError

    @property
    def schema(self) -> dict[str, Any] | None:
        """The JSON schema that the answer has to fit."""
        raise NotImplementedError

    @property
    def max_tokens(self) -> int | None:
        """The limit of output tokens."""
        return self.body.get("max_tokens")

    @property
    def videos(self) -> list[Video]:
        """The recordings, where the vendor takes any."""
        return []


@dataclass(frozen=True, kw_only=True)
class Billed(Tokens):
    """What the vendor put on the bill for one response, as far as its form can say it."""

    model: str
