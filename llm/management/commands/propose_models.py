from __future__ import annotations

import json
import re
from argparse import ArgumentParser
from collections.abc import Iterator
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError

from llm.providers.factory import find_form_fault
from llm.providers.model_lists import ListedModel, ListUnusable, list_models
from llm.registry import find_url_fault
from project import env

# What `manage.py check` takes for a key's variable.
_VARIABLE = re.compile(r"[A-Z][A-Z0-9_]*")
_NOT_TOLD = "  # not told by the server: fill in, or leave the model out"


class Command(BaseCommand):
    help = (
        "Ask a server with OpenAI's protocol which models it has, and print what belongs into config/models.yaml for "
        "them. Changes nothing. What the server does not tell is left blank, which `manage.py check` then names."
    )
    # The registry may be what is being mended.
    requires_system_checks: list[str] = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("base_url", help="such as https://openrouter.ai/api/v1 or http://127.0.0.1:11434/v1")
        parser.add_argument("--name", help="what to call the provider (default: by the host)")
        parser.add_argument("--key", metavar="VARIABLE", help="environment variable with the API key; none without")
        parser.add_argument("--match", default="", help="only models whose id contains this")

    def handle(self, *, base_url: str, name: str | None, key: str | None, match: str, **options: Any) -> None:
        if fault := find_url_fault(base_url):
            raise CommandError(f"{base_url}: {fault}.")
        base_url = base_url.rstrip("/")
        try:
            models = list_models(base_url, key=_read_key(key))
        except ListUnusable as exc:
            raise CommandError(f"{base_url}/models: {exc}. Is it the URL before /chat/completions?") from exc
        chosen = [model for model in models if model.answers_chats and match.lower() in model.id.lower()]
        if not chosen:
            raise CommandError(f"{base_url} lists {len(models)} models, of which none is asked for.")
        provider = name or _name_by_host(base_url)
        for line in _format_registry(provider, base_url, key, chosen):
            self.stdout.write(line)
        self.stderr.write(f"{len(chosen)} of {len(models)} models; --match narrows them. Name them in the chains.")


def _read_key(variable: str | None) -> str:
    if variable is None:
        return ""
    if not _VARIABLE.fullmatch(variable):
        raise CommandError("--key takes the name of an environment variable, not the key.")
    try:
        found = env.get_secret(variable)
    except ImproperlyConfigured as exc:
        raise CommandError(str(exc)) from exc
    if not found:
        raise CommandError(f"{variable} is not set.")
    if fault := find_form_fault(variable):
        raise CommandError(f"{fault}.")
    return found


def _name_by_host(base_url: str) -> str:
    host = urlsplit(base_url).hostname or ""
    labels = [label for label in host.split(".") if label not in {"api", "www"}]
    return "local" if not labels or host == "localhost" or labels[0].isdigit() else labels[0]


def _format_registry(provider: str, base_url: str, key: str | None, models: list[ListedModel]) -> Iterator[str]:
    yield "providers:"
    yield f"  {_quote(provider)}:"
    yield "    kind: openai"
    yield f"    base_url: {_quote(base_url)}"
    if key is not None:
        yield f"    key: {key}"
    yield "models:"
    for model in models:
        yield f"  {_quote(model.id)}:"
        yield f"    provider: {_quote(provider)}"
        yield f"    capabilities: [{', '.join(_list_capabilities(model))}]"
        if model.takes_schemas is not True:
            # JSON as the format is what all of them take; few take a schema.
            yield "    schema_mode: object"
        yield (
            f"    context_window: {model.context_window}" if model.context_window else f"    context_window:{_NOT_TOLD}"
        )
        yield _format_output(model)
        yield _format_prices(model, is_free=key is None)


def _list_capabilities(model: ListedModel) -> Iterator[str]:
    if model.sees_pictures:
        yield "vision"
    yield "structured_output"
    # A million tokens is what models of this capability have; a tenth of it is more than any single request.
    if (model.context_window or 0) >= 100_000:
        yield "long_context"


def _format_output(model: ListedModel) -> str:
    if model.max_output:
        return f"    max_output: {min(model.max_output, model.context_window or model.max_output)}"
    if model.context_window:
        return f"    max_output: {model.context_window // 4}  # not told by the server: a quarter of the window"
    return f"    max_output:{_NOT_TOLD}"


def _format_prices(model: ListedModel, *, is_free: bool) -> str:
    if model.input_price is None or model.output_price is None:
        # Without a key it is a server of one's own.
        return (
            "    prices: {input: 0, output: 0}" if is_free else f"    prices:{_NOT_TOLD}: dollars for a million tokens"
        )
    prices = {"input": model.input_price, "cached_input": model.cached_price, "output": model.output_price}
    told = ", ".join(f"{name}: {_format_price(price)}" for name, price in prices.items() if price is not None)
    return f"    prices: {{{told}}}"


def _format_price(price: Decimal) -> str:
    return f"{price.normalize():f}"


def _quote(text: str) -> str:
    """Return the text as a YAML scalar, which JSON's strings are: a server may call a model `null`."""
    return json.dumps(text)
