"""The vendors' own SDKs, asked one question: "Is it?", under the instruction "Be brief.", of the model `m-1`.

Each takes `key`, `picture` (bytes), `schema` and whatever else its SDK takes, never retries, and returns what the SDK
returns.
"""

from __future__ import annotations

import base64
from collections.abc import Callable
from functools import cache
from typing import Any

import anthropic
import httpx2
import openai
from google import genai
from google.genai import types

Ask = Callable[..., Any]


def ask_openai(http: httpx2.Client, url: str, *, key: str = "test-key", path: str = "/v1", **more: Any) -> Any:
    client = openai.OpenAI(
        api_key=key, base_url=f"{url}{path}", max_retries=0, http_client=http, organization="", project=""
    )
    content: Any = [{"type": "text", "text": "Is it?"}]
    if picture := more.pop("picture", None):
        data = base64.b64encode(picture).decode()
        content.insert(0, {"type": "image_url", "image_url": {"url": f"data:image/png;base64,{data}"}})
    if schema := more.pop("schema", None):
        more["response_format"] = {
            "type": "json_schema",
            "json_schema": {"name": "Flag", "strict": True, "schema": schema},
        }
    messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": content}]
    if "max_tokens" not in more:
        more["max_completion_tokens"] = 50
    return client.chat.completions.create(**{"model": "m-1", "messages": messages, **more})


def ask_anthropic(http: httpx2.Client, url: str, *, key: str = "test-key", **more: Any) -> Any:
    client = anthropic.Anthropic(api_key=key, base_url=url, max_retries=0, http_client=http, open_telemetry=False)
    content: Any = [{"type": "text", "text": "Is it?"}]
    if picture := more.pop("picture", None):
        source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(picture).decode()}
        content.insert(0, {"type": "image", "source": source})
    if schema := more.pop("schema", None):
        more["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    messages = [{"role": "user", "content": content}]
    given = {"model": "m-1", "system": "Be brief.", "messages": messages, "max_tokens": 50, **more}
    return client.messages.create(**given)


@cache
def google_client(http: httpx2.Client, key: str) -> genai.Client:
    """Return a client, which takes a tenth of a second to make; each call names the base URL."""
    options = types.HttpOptions(
        base_url="http://127.0.0.1:1", retry_options=types.HttpRetryOptions(attempts=1), httpx_client=http
    )
    return genai.Client(api_key=key, vertexai=False, http_options=options)


def ask_google(http: httpx2.Client, url: str, *, key: str = "test-key", **more: Any) -> Any:
    options = types.HttpOptions(
        base_url=url, api_version=more.pop("version", "v1"), timeout=more.pop("timeout", 60_000)
    )
    parts = [*more.pop("parts", []), types.Part(text="Is it?")]
    if picture := more.pop("picture", None):
        parts.insert(0, types.Part.from_bytes(data=picture, mime_type="image/png"))
    if schema := more.pop("schema", None):
        more |= {"response_mime_type": "application/json", "response_json_schema": schema}
    config = types.GenerateContentConfig(
        http_options=options,
        system_instruction="Be brief.",
        max_output_tokens=50,
        automatic_continuation=False,
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
        **more,
    )
    return google_client(http, key).models.generate_content(model="m-1", contents=parts, config=config)
