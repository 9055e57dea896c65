"""The registry: a file is used when everything in it is right, and every fault names its line and key."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from llm.registry import (
    Capability,
    Registry,
    RegistryFaults,
    read_registry,
)
from project.config_files import ConfigFault

FILE = """\
providers:
  google: {kind: google, key: GEMINI_API_KEY}
  openai:
    kind: openai
    key: OPENAI_API_KEY
    answer_seconds: 60
  local:
    kind: openai
    base_url: http://127.0.0.1:11434/v1/

models:
  gemini:
    provider: google
    capabilities: [vision, video, structured_output]
    context_window: 1000000
    max_output: 8000
    prices: {input: 0.75, output: 3.75}
  gpt:
    provider: openai
    model: gpt-6-sol
    capabilities: [vision, structured_output]
    context_window: 200000
    max_output: 8000
    prices: {input: 2, cached_input: 0.2, output: 10}
    long_prices: {above: 100000, input: 4, output: 15}
  qwen:
    provider: local
    context_window: 32000
    max_output: 4000
    prices: {input: 0, output: 0}

actions:
  ask: {description: Answer a question.}
  watch:
    description: Watch a recording.
    needs: [video]
    least_context: 500000

strategies:
  quality: {description: The best., fallback: default}
  default: {description: Good., fallback: budget}
  budget: {description: Cheap.}

chains:
  ask:
    quality: [gpt]
    default: [gemini, gpt]
    budget:
      - qwen
      - gemini
  watch:
    quality: [gemini]
    default: [gemini]
    budget: [gemini]
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "models.yaml"


def read(path: Path, text: str) -> Registry:
    path.write_text(text)
    return read_registry(path)


def faults_of(path: Path, text: str | bytes) -> list[ConfigFault]:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(RegistryFaults) as failed:
        read_registry(path)
    for fault in failed.value.faults:
        assert f"models.yaml line {fault.line}: " in str(failed.value)
        assert fault.key in str(failed.value)
        assert fault.message in str(failed.value)
    return failed.value.faults


def faults_if_any(path: Path, text: str) -> list[ConfigFault] | None:
    try:
        read(path, text)
    except RegistryFaults as refused:
        return refused.faults
    return None


def changed(old: str, new: str) -> str:
    assert FILE.count(old) == 1, old
    return FILE.replace(old, new)


# Each row: what of the file is changed to what, and where the fault is: the text of its line, its key, its message.
FAULTS: list[tuple[str, str, str, str, str]] = [
    ("    answer_seconds: 60", "    answer_secs: 60", "answer_secs", "providers.openai.answer_secs", "unknown key"),
    ("    max_output: 4000", "    max_output: 4000\n    vision: yes", "vision:", "models.qwen.vision", "unknown key"),
    ("output: 3.75}", "output: 3.75, video: 1}", "0.75", "models.gemini.prices.video", "unknown key"),
    ("actions:", "limits: {}\nactions:", "limits", "limits", "unknown key"),
    ("    max_output: 4000\n", "", "  qwen:", "models.qwen.max_output", "missing"),
    (", output: 3.75}", "}", "0.75", "models.gemini.prices.output", "missing"),
    ("    prices: {input: 0, output: 0}\n", "", "  qwen:", "models.qwen.prices", "missing"),
    ("kind: google, ", "", "  google:", "providers.google.kind", "missing"),
    ("strategies:", "tactics:", "providers:", "strategies", "missing"),
    ("context_window: 32000", "context_window: large", "large", "models.qwen.context_window", "valid integer"),
    ("context_window: 32000", "context_window: [32000]", "[32000]", "models.qwen.context_window", "valid integer"),
    ("context_window: 32000", "context_window: 3.5", "3.5", "models.qwen.context_window", "valid integer"),
    ("context_window: 32000", "context_window: 10", ": 10\n", "models.qwen.context_window", "greater than or equal"),
    ("[vision, structured_output]", "vision", "vision\n", "models.gpt.capabilities", "valid frozenset"),
    ("[vision, structured_output]", "[sight]", "sight", "models.gpt.capabilities.0", "'vision'"),
    ("kind: google", "kind: mistral", "mistral", "providers.google.kind", "'openai', 'anthropic' or 'google'"),
    ("input: 0.75", "input: -0.75", "-0.75", "models.gemini.prices.input", "at least 0"),
    ("input: 0.75", "input: cheap", "cheap", "models.gemini.prices.input", "valid decimal"),
    ("input: 0.75", "input: .nan", ".nan", "models.gemini.prices.input", "finite"),
    ("input: 0.75", "input: yes", "yes", "models.gemini.prices.input", "Decimal input should be"),
    ("answer_seconds: 60", "answer_seconds: 0", "_seconds: 0", "providers.openai.answer_seconds", "greater than 0"),
    ("answer_seconds: 60", "answer_seconds: .inf", ".inf", "providers.openai.answer_seconds", "finite"),
    ("answer_seconds: 60", "concurrency: 0", "concurrency: 0", "providers.openai.concurrency", "greater than or equal"),
    ("  qwen:", "  gpt:", "  gpt:\n    provider: local", "models.gpt", "given twice"),
    ("answer_seconds: 60", "kind: openai", "kind: openai\n  local", "providers.openai.kind", "given twice"),
    ("{input: 0, output: 0}", "{input: 0, output: 0, input: 1}", "input: 1", "models.qwen.prices.input", "given twice"),
    ("\nchains:", "\nmodels: {}\nchains:", "models: {}", "models", "given twice"),
    ("[gemini, gpt]", "[gemini, gtp]", "gtp", "chains.ask.default.1", "there is no model 'gtp'"),
    ("      - qwen", "      - quen", "- quen", "chains.ask.budget.0", "there is no model 'quen'"),
    ("provider: local", "provider: locale", "locale", "models.qwen.provider", "there is no provider 'locale'"),
    ("needs: [video]", "needs: [long_context]", "quality: [gemini]", "chains.watch.quality.0",
     "'gemini' lacks long_context, which 'watch' needs"),
    ("    budget: [gemini]", "    budget: [gpt]", "budget: [gpt]", "chains.watch.budget.0", "'gpt' lacks video"),
    ("context_window: 1000000", "context_window: 400000", "quality: [gemini]", "chains.watch.quality.0",
     "the window of 'gemini' is smaller than 'watch' needs (500000)"),
    ("[vision, structured_output]", "[video]", "[video]\n    context_window: 200000", "models.gpt.capabilities",
     "video cannot be sent to a provider of kind openai"),
    ("max_output: 4000", "max_output: 64000", "max_output: 64000", "models.qwen.max_output", "larger than the context"),
    ("budget: {description: Cheap.}", "budget: {description: Cheap., fallback: quality}", "quality: {desc",
     "strategies.quality.fallback", "a cycle of fallbacks: quality > default > budget > quality"),
    ("budget: {description: Cheap.}", "budget: {description: Cheap., fallback: budget}", "fallback: budget}\n\n",
     "strategies.budget.fallback", "a cycle of fallbacks: budget > budget"),
    ("fallback: default", "fallback: normal", "normal", "strategies.quality.fallback", "there is no strategy 'normal'"),
    ("  ask: {description: Answer a question.}", "  ask: {description: Ask.}\n  sum: {description: Sum up.}", "chains:",
     "chains", "there is no chain for the action 'sum'"),
    ("    quality: [gpt]\n", "", "  ask:\n", "chains.ask", "there is no chain for the strategy 'quality'"),
    ("    quality: [gpt]", "    quality: []", "[]", "chains.ask.quality", "names no model"),
    ("    quality: [gpt]", "    quality: gpt", "quality: gpt", "chains.ask.quality", "valid tuple"),
    ("      - gemini", "      - qwen", "- qwen\n  watch", "chains.ask.budget.1", "'qwen' is named twice"),
    ("    quality: [gpt]", "    quality: [gpt]\n    best: [gpt]", "best:", "chains.ask.best", "no strategy 'best'"),
    ("  watch:\n    quality", "  see:\n    quality", "  see:", "chains.see", "there is no action 'see'"),
    ("  default: {description: Good., fallback: budget}\n", "", "strategies:", "strategies", "strategy 'default'"),
    ("http://127.0.0.1", "ftp://127.0.0.1", "ftp", "providers.local.base_url", "starts with https:// or http://"),
    ("http://127.0.0.1:11434/v1/", "127.0.0.1:11434", "base_url: 127", "providers.local.base_url", "https://"),
    ("http://127.0.0.1:11434/v1/", "http://", "base_url: http://", "providers.local.base_url", "names a host"),
    ("google, key: GEMINI_API_KEY", "google", "  google", "providers.google", "key must name the environment variable"),
    ("GEMINI_API_KEY", "AIza-secret", "AIza", "providers.google.key", "match pattern"),
    ("GEMINI_API_KEY", "GOOGLE_API_KEY", "GOOGLE_API_KEY", "providers.google.key", "choose another name"),
    ("    base_url: http", "    address: LOCAL_URL\n    base_url: http", "  local:", "providers.local", "not both"),
    ("models:\n  gemini:\n    provider", "models:\n  gemini:\n    long_prices: {input: 1, output: 1}\n    provider",
     "long_prices: {input: 1", "models.gemini.long_prices.above", "missing"),
    ("    prices: {input: 0.75,", "    batch_prices: {input: 1, output: 1}\n    prices: {input: 0.75,",
     "    batch_prices", "models.gemini.batch_prices", "costs at most what"),
    ("    prices: {input: 0.75,", "    long_batch_prices: {above: 9, input: 0, output: 0}\n    prices: {input: 0.75,",
     "    long_batch_prices", "models.gemini.long_batch_prices", "only a model with batch_prices"),
    ("    prices: {input: 2,", "    batch_prices: {input: 1, output: 5}\n    prices: {input: 2,",
     "    batch_prices", "models.gpt.batch_prices", "go together"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "at", "key", "message"), FAULTS)
def test_it_names_the_line_and_the_key_of_a_fault(
    path: Path, old: str, new: str, at: str, key: str, message: str
) -> None:
    text = changed(old, new)

    faults = faults_of(path, text)

    assert key in [fault.key for fault in faults]
    fault = next(fault for fault in faults if fault.key == key)
    assert message in fault.message
    assert fault.line == text[: text.index(at) + len(at) - len(at.lstrip("\n"))].count("\n") + 1


NOT_YAML: list[tuple[str | bytes, int, str]] = [
    ("providers:\n  google: {kind: google\nmodels:\n", 3, "not YAML"),
    ("providers:\n\tgoogle: 1\n", 2, "not YAML"),
    ("providers:\n  a: *unknown\n", 2, "undefined alias"),
    ("providers: 1\n---\nmodels: 1\n", 2, "not YAML"),
    ("providers:\n  a: \x07\n", 2, "not YAML"),
    ("providers:\n  a: !secret b\n", 2, "not YAML"),
    ("providers:\n  a: !!python/object/apply:os.getcwd []\n", 2, "not YAML"),
    ("providers:\n  a: 2026-13-01\n", 2, "not YAML"),
    ("providers:\n  a: !!int many\n", 2, "not YAML"),
    ("providers:\n  ? [a]\n  : b\n", 2, "not YAML"),
    ("providers:\n  <<: 3\n", 2, "not YAML"),
    ("providers: &all\n  a: *all\n", 1, "nested too deeply, or an alias holds itself"),
    ("providers: " + "[" * 3000 + "]" * 3000, 1, "nested too deeply, or an alias holds itself"),
    ("providers:\n".encode("utf-16"), 1, "not UTF-8"),
    ("", 1, "valid dictionary"),
    ("- providers\n", 1, "valid dictionary"),
    ("only words\n", 1, "valid dictionary"),
]


@pytest.mark.parametrize(("text", "line", "message"), NOT_YAML)
def test_it_names_the_line_of_what_is_no_registry_at_all(
    path: Path, text: str | bytes, line: int, message: str
) -> None:
    (fault,) = faults_of(path, text)

    assert message in fault.message
    assert "\n" not in fault.message
    assert fault.line == line


def test_it_reports_all_faults_at_once(path: Path) -> None:
    text = FILE.replace("kind: google", "kind: goggle").replace("input: 0.75", "input: -1").replace("60", "soon")

    faults = faults_of(path, text)

    assert [(fault.line, fault.key) for fault in faults] == [
        (2, "providers.google.kind"),
        (6, "providers.openai.answer_seconds"),
        (17, "models.gemini.prices.input"),
    ]


def test_it_reports_all_contradictions_at_once_in_the_order_of_the_file(path: Path) -> None:
    text = FILE.replace("[gemini, gpt]", "[gemini, gtp]").replace("Good., fallback: budget", "Good., fallback: quality")
    text = text.replace("      - qwen", "      - quen").replace("provider: local", "provider: nobody")

    faults = faults_of(path, text)

    assert [(fault.key, fault.line) for fault in faults] == [
        ("models.qwen.provider", 27),
        ("strategies.quality.fallback", 40),
        ("strategies.default.fallback", 41),
        ("chains.ask.default.1", 47),
        ("chains.ask.budget.0", 49),
    ]


@hypothesis_settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    at=st.integers(0, len(FILE)),
    cut=st.integers(0, 30),
    put=st.text(st.sampled_from("ab0- :,.{}[]&*!|>'\"#%@\n\t\x00\x07é\u2028"), max_size=8),
)
def test_any_edit_is_a_registry_or_a_list_of_faults(path: Path, at: int, cut: int, put: str) -> None:
    text = FILE[:at] + put + FILE[at + cut :]

    faults = faults_if_any(path, text)

    assert faults is None or len(faults) > 0
    lines = text.count("\n") + text.count("\u2028") + 2  # both end a line of YAML
    assert all(1 <= fault.line <= lines for fault in faults or ())


# What a good file says


def test_it_reads_what_the_file_says(path: Path) -> None:
    registry = read(path, FILE)

    gpt = registry.models["gpt"]
    assert (gpt.id, gpt.model, gpt.provider) == ("gpt", "gpt-6-sol", "openai")
    assert registry.models["gemini"].model == "gemini"
    assert gpt.capabilities == {Capability.VISION, Capability.STRUCTURED_OUTPUT}
    assert registry.models["gemini"].prices.input == Decimal("0.75")
    assert registry.providers["local"].base_url == "http://127.0.0.1:11434/v1"
    assert registry.providers["openai"].answer_seconds == 60


def test_each_version_of_the_file_has_a_name_of_its_own(path: Path) -> None:
    digests = {read(path, text).digest for text in (FILE, FILE.replace("0.75", "0.76"), FILE + "# a remark\n")}

    assert len(digests) == 3
    assert read(path, FILE).digest in digests


def test_nothing_of_a_registry_can_be_changed(path: Path) -> None:
    registry = read(path, FILE)

    with pytest.raises(ValueError, match="frozen"):
        registry.models["gpt"].context_window = 1
    with pytest.raises(AttributeError):
        registry.digest = "x"  # type: ignore[misc]  # frozen, that is the point


CHAINS: list[tuple[str, list[tuple[str, str]]]] = [
    (
        "quality",
        [("gpt", "quality"), ("gemini", "quality > default"), ("qwen", "quality > default > budget")],
    ),
    ("default", [("gemini", "default"), ("gpt", "default"), ("qwen", "default > budget")]),
    ("budget", [("qwen", "budget"), ("gemini", "budget")]),
]


@pytest.mark.parametrize(("strategy", "walked"), CHAINS)
def test_a_chain_ends_in_those_of_its_fallbacks_with_each_model_once(
    path: Path, strategy: str, walked: list[tuple[str, str]]
) -> None:
    chain = read(path, FILE).get_chain("ask", strategy)

    assert [(candidate.model.id, candidate.path) for candidate in chain] == walked


def test_two_names_of_one_model_are_one_candidate(path: Path) -> None:
    twin = FILE[FILE.index("  gpt:\n") : FILE.index("  qwen:\n")].replace("  gpt:", "  twin:")
    text = FILE.replace("  qwen:\n", f"{twin}  qwen:\n").replace("quality: [gpt]", "quality: [twin]")

    chain = read(path, text).get_chain("ask", "quality")

    assert [candidate.model.id for candidate in chain] == ["twin", "gemini", "qwen"]


def test_an_unknown_action_or_strategy_is_a_key_error(path: Path) -> None:
    registry = read(path, FILE)

    with pytest.raises(KeyError):
        registry.get_chain("ask", "best")
    with pytest.raises(KeyError):
        registry.get_chain("dance", "default")
