"""Answers as they arrive: server-sent events, or one JSON document, read within limits of size.

Events are read here and not by the SDKs, which make an object of every one of them: that took most of the client's time
for an answer of thousands.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from typing import Any

import httpx2

from llm.errors import AnswerTooLarge, ModelUnsuited, ProviderBusy
from llm.providers.base import ProviderCall
from llm.providers.transport import TimeLimit
from llm.registry import ProviderSpec

# An event of OpenAI's has some 300 bytes around one token, one of OpenRouter's 500; whatever else there is (the head,
# comments that keep the connection alive) fits into the constant part.
WIRE_BYTES, WIRE_BYTES_PER_TOKEN = 1024 * 1024, 2048
# What is kept in memory: a token has four characters on average, those of blanks in code up to a hundred. In a whole
# document a character may take six bytes (`\u0430`).
TEXT_CHARACTERS, TEXT_CHARACTERS_PER_TOKEN = 256 * 1024, 64

# How long to wait for the end of a stream whose last event has come: with any server it is on its way.
END_SECONDS = 2.0


def compute_max_bytes(call: ProviderCall) -> int:
    """Return how many bytes the response to a call may have."""
    return WIRE_BYTES + WIRE_BYTES_PER_TOKEN * call.max_output_tokens


class AnswerReader:
    """Reads one answer: its parts are added as they come, which keeps the call's silence limit from being reached."""

    def __init__(
        self, call: ProviderCall, spec: ProviderSpec, limit: TimeLimit, *, max_characters: int | None = None
    ) -> None:
        self._arrival, self._limit, self._idle_seconds = call.arrival, limit, spec.idle_seconds
        # By default those of a text of the call's tokens.
        self._max_characters = max_characters or TEXT_CHARACTERS + TEXT_CHARACTERS_PER_TOKEN * call.max_output_tokens
        self._parts: list[str] = []

    @property
    def text(self) -> str:
        """The text so far."""
        return "".join(self._parts)

    def add_text(self, text: str) -> None:
        """Add a part of the answer."""
        self._parts.append(text)
        self.note_thinking(text)

    def note_thinking(self, text: str) -> None:
        """Note a part that is no part of the answer's text. One without text keeps no limit from being reached."""
        # A TypeError for anything but text, which makes it an answer that is not of the vendor's form.
        self._arrival.characters += len("" + text)
        # A server may keep its connection alive with parts that hold nothing, and has not gone on with them.
        if text:
            self._limit.note_progress(self._idle_seconds)
        if self._arrival.characters > self._max_characters:
            raise AnswerTooLarge(f"the answer has more than {self._max_characters} characters")

    def is_stream(self, response: httpx2.Response) -> bool:
        """Tell whether the response is a stream of events; servers may answer as a whole all the same."""
        return response.headers.get("content-type", "").strip().lower().startswith("text/event-stream")

    def iterate_events(self, response: httpx2.Response) -> Iterator[dict[str, Any]]:
        """Yield the data of each event until the stream ends or an event says that it is the last one.

        For OpenAI's [DONE] yields `{"is_done": True}`. Raises ProviderBusy for data that is no JSON object.
        """
        found = self._iterate_data(response)
        for data in found:
            event = {"is_done": True} if data == b"[DONE]" else json.loads(data)
            if not isinstance(event, dict):
                raise ProviderBusy("the answer is not of the vendor's form")
            yield event
            if "is_done" in event or event.get("type") == "message_stop":
                self._read_end(found)

    def _read_end(self, found: Iterator[bytes]) -> None:
        """Read to the end of the stream, so that its connection can be used again, if that comes at once."""
        self._limit.note_progress(END_SECONDS)
        with contextlib.suppress(httpx2.TransportError):
            for _ in found:
                pass

    def _iterate_data(self, response: httpx2.Response) -> Iterator[bytes]:
        lines: list[bytes] = []
        size = 0
        for line in self._iterate_lines(response):
            if line.startswith(b"data:"):
                lines.append(line[5:].removeprefix(b" "))
                # With its line break: lines without anything take memory, too.
                size += len(lines[-1]) + 1
                self._check_event_size(size)
            # A line without a name is a comment, and names are told apart by the data itself.
            elif not line and lines:
                yield b"\n".join(lines)
                lines.clear()
                size = 0
        if lines:
            yield b"\n".join(lines)

    def _iterate_lines(self, response: httpx2.Response) -> Iterator[bytes]:
        # iter_raw: the transport has inflated it already.
        rest: list[bytes] = []
        size = 0
        for piece in response.iter_raw():
            *whole, last = piece.split(b"\n")
            for line in whole:
                yield b"".join((*rest, line)).rstrip(b"\r")
                rest.clear()
                size = 0
            rest.append(last)
            size += len(last)
            self._check_event_size(size)
        if size:
            yield b"".join(rest)

    def _check_event_size(self, size: int) -> None:
        if size > self._max_characters:
            raise AnswerTooLarge(f"an event of the answer has more than {self._max_characters} bytes")

    def read_document(self, response: httpx2.Response) -> Any:
        """Return the JSON document of the whole body. Raises ModelUnsuited when the server sends something else."""
        parts: list[bytes] = []
        size = 0
        for piece in response.iter_raw():
            size += len(piece)
            if size > self._max_characters:
                raise AnswerTooLarge(f"the answer has more than {self._max_characters} bytes")
            parts.append(piece)
        try:
            return json.loads(b"".join(parts))
        except ValueError:
            if "json" in response.headers.get("content-type", ""):
                raise ProviderBusy("the body of the answer is not JSON") from None
            raise ModelUnsuited("the address answers with something that is not a model's answer") from None
