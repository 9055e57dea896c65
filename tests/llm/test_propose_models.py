"""The YAML for a server by what it says of its models, in the form of each kind of server."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import CommandError, call_command

from llm.registry import Registry, RegistryFaults, read_registry
from tests.fakes.site import Site, answer, certificate, redirect

OPENROUTER = {
    "id": "acme/large:free",
    "context_length": 131072,
    "architecture": {"input_modalities": ["text", "image"], "output_modalities": ["text"]},
    "pricing": {"prompt": "0.00000015", "completion": "0.0000006", "input_cache_read": "0.000000075", "image": "0"},
    "top_provider": {"context_length": 131072, "max_completion_tokens": 16384, "is_moderated": True},
    "supported_parameters": ["max_tokens", "response_format", "structured_outputs"],
}
MISTRAL = {
    "id": "mistral-small-latest",
    "object": "model",
    "capabilities": {"completion_chat": True, "vision": True, "function_calling": True},
    "max_context_length": 131072,
}
GROQ = {"id": "llama-9", "active": True, "context_window": 131072, "max_completion_tokens": 32768, "owned_by": "Meta"}
VLLM = {"id": "Qwen/Qwen3-32B", "object": "model", "owned_by": "vllm", "max_model_len": 40960, "root": "Qwen/Qwen3-32B"}
OLLAMA = {"id": "qwen3:30b", "object": "model", "created": 1, "owned_by": "library"}
AZURE = {"id": "gpt-6-luna", "object": "model", "capabilities": {"chat_completion": True, "embeddings": False}}
TOGETHER = {"id": "org/model", "context_length": 32768, "pricing": {"input": 0.88, "output": 0.9, "cached_input": 0}}


def propose(models: Any, *arguments: str, wrapped: bool = True) -> tuple[dict[str, Any], str]:
    """Ask a server with these models; return the YAML as values and as text."""
    body = json.dumps({"object": "list", "data": models} if wrapped else models).encode()
    with Site({"/v1/models": answer(body, content_type="application/json")}) as site:
        out = StringIO()
        call_command("propose_models", site.url("/v1"), *arguments, stdout=out, stderr=StringIO())
        head = site.asked[0].lower()
    assert ("authorization: bearer secret" in head) == ("--key" in arguments)
    text = out.getvalue().replace(site.url("/v1"), "https://api.acme.test/v1")
    return yaml.safe_load(text), text


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ACME_KEY", "secret")


WITH_KEY = ("--key", "ACME_KEY", "--name", "acme")
TOLD: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        OPENROUTER,
        {
            "capabilities": ["vision", "structured_output", "long_context"],
            "context_window": 131072,
            "max_output": 16384,
            "prices": {"input": 0.15, "cached_input": 0.075, "output": 0.6},
        },
    ),
    (
        MISTRAL,
        {
            "capabilities": ["vision", "structured_output", "long_context"],
            "schema_mode": "object",
            "context_window": 131072,
            "max_output": 32768,
            "prices": None,
        },
    ),
    (
        GROQ,
        {
            "capabilities": ["structured_output", "long_context"],
            "schema_mode": "object",
            "context_window": 131072,
            "max_output": 32768,
            "prices": None,
        },
    ),
    (
        TOGETHER,
        {
            "capabilities": ["structured_output"],
            "schema_mode": "object",
            "context_window": 32768,
            "max_output": 8192,
            "prices": {"input": 0.88, "cached_input": 0, "output": 0.9},
        },
    ),
    (
        AZURE,
        {
            "capabilities": ["structured_output"],
            "schema_mode": "object",
            "context_window": None,
            "max_output": None,
            "prices": None,
        },
    ),
]


@pytest.mark.parametrize(("model", "expected"), TOLD, ids=[one["id"] for one, _ in TOLD])
def test_what_a_server_tells_of_a_model_is_taken(model: dict[str, Any], expected: dict[str, Any]) -> None:
    found, _ = propose([model], *WITH_KEY)

    assert found["providers"] == {"acme": {"kind": "openai", "base_url": "https://api.acme.test/v1", "key": "ACME_KEY"}}
    assert found["models"] == {model["id"]: {"provider": "acme", **expected}}


@pytest.mark.parametrize(("model", "window"), [(VLLM, 40960), (OLLAMA, None)])
def test_a_server_without_a_key_costs_nothing(model: dict[str, Any], window: int | None) -> None:
    found, _ = propose([model])

    assert found["providers"]["local"].keys() == {"kind", "base_url"}
    (proposed,) = found["models"].values()
    assert (proposed["prices"], proposed["context_window"]) == ({"input": 0, "output": 0}, window)


def read_proposed(found: dict[str, Any], path: Path) -> Registry:
    """Read a registry of the proposed provider and models alone."""
    (chain,) = [list(found["models"])]
    rest = {
        "actions": {"ask": {"description": "Ask.", "needs": ["structured_output"]}},
        "strategies": {"default": {"description": "The only one."}},
        "chains": {"ask": {"default": chain}},
    }
    path.write_text(yaml.safe_dump({**found, **rest}))
    return read_registry(path)


def test_what_it_prints_is_a_registry(tmp_path: Path) -> None:
    found, _ = propose([OPENROUTER, TOGETHER], *WITH_KEY)

    registry = read_proposed(found, tmp_path / "models.yaml")

    assert list(registry.models) == ["acme/large:free", "org/model"]


def test_what_is_not_told_is_named_by_the_check(tmp_path: Path) -> None:
    found, text = propose([GROQ, AZURE], *WITH_KEY)

    with pytest.raises(RegistryFaults) as failed:
        read_proposed(found, tmp_path / "models.yaml")

    said = str(failed.value)
    assert [name in said for name in ("llama-9.prices", "gpt-6-luna.context_window", "gpt-6-luna.prices")] == [True] * 3
    assert text.count("# not told by the server") == 4


def test_models_that_answer_no_chats_and_those_not_asked_for_are_left_out() -> None:
    others = [
        {"id": "mistral-embed", "capabilities": {"completion_chat": False}},
        {"id": "ada", "capabilities": {"chat_completion": False, "embeddings": True}},
        {"id": "codestral", "capabilities": {"completion_chat": True}},
        {"name": "without an id"},
        "text",
    ]

    found, _ = propose([MISTRAL, *others], "--match", "STRAL-")

    assert list(found["models"]) == ["mistral-small-latest"]


def test_a_bare_list_and_strange_values_are_read() -> None:
    strange = {
        "id": 'null: "x"\n- y',
        "context_length": "many",
        "max_completion_tokens": True,
        "pricing": {"prompt": "-1", "completion": "free"},
        "architecture": [],
        "capabilities": None,
        "supported_parameters": 3,
    }

    found, _ = propose([strange], *WITH_KEY, wrapped=False)

    ((name, proposed),) = found["models"].items()
    assert name == strange["id"]
    assert (proposed["context_window"], proposed["max_output"], proposed["prices"]) == (None, None, None)


@pytest.mark.parametrize(
    ("page", "said"),
    [
        (answer(b"", status=404), "HTTP 404"),
        (answer(b"<html>", content_type="text/html"), "not JSON"),
        (answer(b'{"data": 3}'), "no list of models"),
        (answer(b'{"data": []}'), "lists 0 models"),
        (redirect("http://127.0.0.1:1/"), "HTTP 302"),
    ],
)
def test_it_says_what_is_wrong_with_the_server(page: bytes, said: str) -> None:
    with Site({"/v1/models": page}) as site, pytest.raises(CommandError, match=said):
        call_command("propose_models", site.url("/v1"))


def test_a_certificate_that_is_not_trusted_is_said(tmp_path: Path) -> None:
    server, _ = certificate(tmp_path, "127.0.0.1")
    with Site({}, tls=server) as site, pytest.raises(CommandError, match="certificate is not trusted"):
        call_command("propose_models", site.url("/v1"))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ftp://acme.test",), "a base URL starts with"),
        (("https://acme.test", "--key", "sk-4711"), "the name of an environment variable, not the key"),
        (("https://acme.test", "--key", "UNSET_KEY"), "UNSET_KEY is not set"),
    ],
)
def test_it_refuses_what_it_cannot_use(arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(CommandError, match=said):
        call_command("propose_models", *arguments)
