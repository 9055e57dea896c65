"""What a server with OpenAI's protocol says of its models (`GET /models`), in the many forms there are.

Only the `id` is common to all. OpenRouter states windows, limits, prices for a token and parameters; Together prices
for a million tokens; Mistral windows and capabilities; Groq windows and limits; vLLM the window; Azure capabilities;
Ollama and llama.cpp next to nothing.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_UP, Decimal, InvalidOperation
from typing import Any

import httpx2

from llm.providers import error_mapping
from llm.providers.transport import MAX_BODY_BYTES, TimeLimit, build_http_client
from llm.registry import MILLION, PRICE_DECIMALS

# A list is a matter of a second; one of hundreds of models of a gateway may take some.
LIST_SECONDS = 30.0


class ListUnusable(Exception):
    """The server does not say which models it has; the message says why."""


@dataclass(frozen=True, kw_only=True)
class ListedModel:
    """One model, as far as its server describes it. None: not told. Prices are dollars for a million tokens."""

    id: str
    context_window: int | None = None
    max_output: int | None = None
    input_price: Decimal | None = None
    output_price: Decimal | None = None
    cached_price: Decimal | None = None
    sees_pictures: bool | None = None
    takes_schemas: bool | None = None
    answers_chats: bool = True


def list_models(base_url: str, *, key: str) -> list[ListedModel]:
    """Return the models of the server at this URL, by id. The key is sent to its origin only. Raises ListUnusable."""
    headers = {"authorization": f"Bearer {key}"} if key else {}
    with (
        build_http_client(base_url, connections=1, connect_seconds=LIST_SECONDS) as client,
        TimeLimit(LIST_SECONDS, max_bytes=MAX_BODY_BYTES),
    ):
        try:
            response = client.get(f"{base_url}/models", headers=headers)
        except (httpx2.HTTPError, httpx2.InvalidURL) as exc:
            raise ListUnusable(
                error_mapping.find_certificate_fault(exc) or f"no answer ({type(exc).__name__})"
            ) from exc
    if response.status_code != httpx2.codes.OK:
        raise ListUnusable(f"HTTP {response.status_code}")
    try:
        body = json.loads(response.content)
    except (ValueError, RecursionError):
        raise ListUnusable("the answer is not JSON") from None
    # Together sends the bare list.
    found = body.get("data") if isinstance(body, Mapping) else body
    if not isinstance(found, list):
        raise ListUnusable("the answer is no list of models")
    models = [_parse_model(one) for one in found if isinstance(one, Mapping) and isinstance(one.get("id"), str)]
    return sorted(models, key=lambda model: model.id)


def _parse_model(one: Mapping[str, Any]) -> ListedModel:
    top, architecture = _get_mapping(one, "top_provider"), _get_mapping(one, "architecture")
    pricing, able = _get_mapping(one, "pricing"), _get_mapping(one, "capabilities")
    # Together's prices are for a million tokens, OpenRouter's for one.
    names = ("input", "output", "cached_input") if "input" in pricing else ("prompt", "completion", "input_cache_read")
    prices = [_parse_price(pricing.get(name), tokens=MILLION if "input" in pricing else 1) for name in names]
    windows = (one.get(name) for name in ("context_length", "context_window", "max_context_length", "max_model_len"))
    parameters, inputs = one.get("supported_parameters"), architecture.get("input_modalities")
    return ListedModel(
        id=one["id"],
        context_window=next(filter(None, map(_parse_count, windows)), None),
        max_output=_parse_count(top.get("max_completion_tokens")) or _parse_count(one.get("max_completion_tokens")),
        input_price=prices[0],
        output_price=prices[1],
        cached_price=prices[2],
        sees_pictures="image" in inputs if isinstance(inputs, list) else _parse_flag(able.get("vision")),
        takes_schemas="structured_outputs" in parameters if isinstance(parameters, list) else None,
        # Mistral's name and Azure's; whoever says nothing lists models for chats.
        answers_chats=able.get("completion_chat") is not False and able.get("chat_completion") is not False,
    )


def _get_mapping(one: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = one.get(name)
    return found if isinstance(found, Mapping) else {}


def _parse_flag(told: Any) -> bool | None:
    return told if isinstance(told, bool) else None


def _parse_count(told: Any) -> int | None:
    return told if isinstance(told, int) and not isinstance(told, bool) and told > 0 else None


def _parse_price(told: Any, *, tokens: int) -> Decimal | None:
    """Return the price for a million tokens, rounded up, from that for so many; OpenRouter has -1 where it varies."""
    try:
        price = Decimal(str(told)) * MILLION / tokens
        return price.quantize(Decimal(1).scaleb(-PRICE_DECIMALS), rounding=ROUND_UP) if price >= 0 else None
    except InvalidOperation:
        return None
