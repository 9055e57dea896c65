"""What the router adds to a call of the SDK: `python -m tests.benchmarks.router [--litellm VENV]`.

A fake vendor on this machine answers at once. Calls of the bare SDK, of the router without a database and of the router
with everything (breakers, budgets, a row for every attempt; then slots as well) take turns, so that all see the same
machine; printed is the median of the differences, round by round. LiteLLM's Router is measured in the same rounds
when the folder of a virtual environment with litellm is given: it cannot live in ours, for it wants older SDKs.

Then the first model of the chain is dead, and the hundredth call is compared with one whose first model is well.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from decimal import Decimal
from pathlib import Path
from typing import TypeVar

import django
import yaml

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ["LOG_LEVEL"] = "CRITICAL"
os.environ["BENCH_KEY"] = "test-key"
django.setup()

import openai  # noqa: E402  # what is measured against
from django.test.utils import get_runner, setup_test_environment  # noqa: E402

from llm.errors import ProviderError  # noqa: E402
from llm.messages import ModelRequest  # noqa: E402
from llm.providers.factory import ProviderPool  # noqa: E402
from llm.registry import ModelSpec, ProviderSpec, Registry, read_registry  # noqa: E402
from llm.router.breakers import ADMITTED, Admission, CircuitBreakers  # noqa: E402  # needs settings
from llm.router.budgets import SpendingLimits  # noqa: E402
from llm.router.concurrency import ConcurrencyLimiter, ConcurrencySlot  # noqa: E402
from llm.router.ledger import BegunCall, EndedCall, Ledger, PlannedCall  # noqa: E402
from llm.router.ports import RouterServices  # noqa: E402
from llm.router.rates import RateLimiter, RateReservation  # noqa: E402
from llm.router.router import ModelRouter  # noqa: E402
from tenants.models import Tenant  # noqa: E402
from tenants.services import create_tenant  # noqa: E402

ROUNDS, CALLS, WARM_UP = 40, 25, 50
QUESTION = ModelRequest(prompt="How hot is boiling water?", system="Be brief.", max_output_tokens=100)


T = TypeVar("T")


class NoRow(BegunCall):
    """A row that is not there."""

    def __init__(self) -> None:
        return

    def confirm(self) -> None:
        return


class Nothing:
    """Breakers, budgets, slots and a ledger that are not there."""

    def peek_admission(self, model: ModelSpec) -> Admission:
        return ADMITTED

    def request_admission(self, model: ModelSpec) -> Admission:
        return ADMITTED

    def peek_shape_admission(self, model: ModelSpec, compute_shape: Callable[[], str]) -> Admission:
        return ADMITTED

    def record_shape_refusal(self, model: ModelSpec, shape: str) -> None:
        return

    def choose_key(self, model: ModelSpec, keys: Sequence[str]) -> tuple[str, Admission]:
        return keys[0], ADMITTED

    def has_free_key(self, model: ModelSpec, keys: Sequence[str]) -> bool:
        return False

    def record_success(self, model: ModelSpec, key: str = "") -> None:
        return

    def record_failure(self, model: ModelSpec, error: ProviderError, key: str = "") -> None:
        return

    def release_probe(self, model: ModelSpec) -> None:
        return

    def admit_call(self, tenant: Tenant | None, max_cost: Decimal, *, begin: Callable[[], T]) -> T:
        return begin()

    def check_amount(self, tenant: Tenant, amount: Decimal) -> None:
        return

    def hold_slot(
        self, provider: str, *, limit: int | None, seconds: float, checkpoint: Callable[[], None]
    ) -> AbstractContextManager[ConcurrencySlot | None]:
        return nullcontext()

    def reserve_request(
        self, provider: str, spec: ProviderSpec, *, tokens: int, seconds: float, checkpoint: Callable[[], None]
    ) -> RateReservation:
        return RateReservation(
            provider=provider, spec=spec, tokens=tokens, bucket_requests=0, bucket_tokens=0, made_at=0
        )

    def settle_request(self, reservation: RateReservation, *, used_tokens: int) -> None:
        return

    def cancel_request(self, reservation: RateReservation) -> None:
        return

    def ensure_outside_transaction(self) -> None:
        return

    def begin_attempt(self, call: PlannedCall) -> BegunCall:
        return NoRow()

    def end_attempt(self, call: PlannedCall, end: EndedCall, slot: ConcurrencySlot | None) -> None:
        return


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--litellm", type=Path, metavar="VENV", help="a virtual environment that has litellm")
    venv = parser.parse_args().litellm
    setup_test_environment()
    runner = get_runner(django.conf.settings)(verbosity=0, interactive=False)
    databases = runner.setup_databases()
    try:
        with _vendor("Answer('100 degrees.')") as well, _vendor("Fail(503)") as dead:
            registry = _registry(well, dead)
            tenant = create_tenant(slug="bench", name="Bench")
            _overhead(registry, tenant, well, venv)
            _dead_first(registry, tenant)
    finally:
        runner.teardown_databases(databases)


def _overhead(registry: Registry, tenant: Tenant, well: str, venv: Path | None) -> None:
    bare = openai.OpenAI(api_key="test-key", base_url=f"{well}/v1", max_retries=0)
    light, full = _router(registry, with_database=False), _router(registry, with_database=True)
    messages = [{"role": "system", "content": QUESTION.system}, {"role": "user", "content": QUESTION.prompt}]

    def ask_bare() -> None:
        bare.chat.completions.create(model="well", messages=messages, max_tokens=100)  # type: ignore[arg-type]  # plain dicts

    contenders: dict[str, Callable[[], None]] = {
        "bare SDK": ask_bare,
        "router": lambda: _ask(light, "healthy"),
        "router with its row": lambda: _ask(full, "healthy", tenant=tenant),
        "... and a slot": lambda: _ask(full, "limited", tenant=tenant),
    }
    with _litellm(venv, f"{well}/v1") as ask_litellm:
        timed = {name: _timed(ask) for name, ask in contenders.items()}
        if ask_litellm is not None:
            timed["LiteLLM Router"] = ask_litellm
        rounds = _rounds(timed)
    for name, found in rounds.items():
        added = [mine - bare for mine, bare in zip(found, rounds["bare SDK"], strict=True)]
        sys.stdout.write(
            f"{name:<20} {statistics.median(found) * 1e6:7.0f} us a call, {statistics.median(added) * 1e6:+6.0f} us\n"
        )


def _dead_first(registry: Registry, tenant: Tenant) -> None:
    """Compare calls whose first model is dead with calls whose first model is well, from the hundredth call on."""
    router = _router(registry, with_database=True)
    for _ in range(99):
        _ask(router, "dead-first", tenant=tenant)
    rounds = _rounds(
        {
            "well": _timed(lambda: _ask(router, "healthy", tenant=tenant)),
            "dead": _timed(lambda: _ask(router, "dead-first", tenant=tenant)),
        }
    )
    ratios = [dead / well for dead, well in zip(rounds["dead"], rounds["well"], strict=True)]
    sys.stdout.write(f"with a dead first model, from call 100: {statistics.median(ratios):.3f} x a healthy chain\n")


def _rounds(timed: dict[str, Callable[[int], float]]) -> dict[str, list[float]]:
    """Let the contenders take turns; return each one's seconds a call, round by round."""
    for run in timed.values():
        run(WARM_UP)
    found: dict[str, list[float]] = {name: [] for name in timed}
    for _ in range(ROUNDS):
        for name, run in timed.items():
            found[name].append(run(CALLS))
    return found


def _timed(ask: Callable[[], None]) -> Callable[[int], float]:
    def run(calls: int) -> float:
        begun = time.perf_counter()
        for _ in range(calls):
            ask()
        return (time.perf_counter() - begun) / calls

    return run


def _ask(router: ModelRouter, action: str, tenant: Tenant | None = None) -> None:
    assert router.complete(action, QUESTION, tenant=tenant).model in {"well", "few"}


def _router(registry: Registry, *, with_database: bool) -> ModelRouter:
    nothing = Nothing()
    return ModelRouter(
        registry=lambda: registry,
        services=RouterServices(
            providers=ProviderPool(),
            breakers=CircuitBreakers() if with_database else nothing,
            spending_limits=SpendingLimits() if with_database else nothing,
            concurrency=ConcurrencyLimiter() if with_database else nothing,
            rates=RateLimiter() if with_database else nothing,
            ledger=Ledger() if with_database else nothing,
        ),
    )


def _registry(well: str, dead: str) -> Registry:
    model = {"context_window": 100_000, "max_output": 4_000, "prices": {"input": 1, "output": 10}}
    actions = {"healthy": ["well"], "limited": ["few"], "dead-first": ["dead", "well"]}
    content = {
        "providers": {
            "good": {"kind": "openai", "base_url": f"{well}/v1", "key": "BENCH_KEY"},
            "narrow": {"kind": "openai", "base_url": f"{well}/v1", "key": "BENCH_KEY", "concurrency": 8},
            "bad": {"kind": "openai", "base_url": f"{dead}/v1", "key": "BENCH_KEY"},
        },
        "models": {
            "well": {"provider": "good", **model},
            "few": {"provider": "narrow", **model},
            "dead": {"provider": "bad", **model},
        },
        "actions": {name: {"description": "Measured."} for name in actions},
        "strategies": {"default": {"description": "The only one."}},
        "chains": {name: {"default": chain} for name, chain in actions.items()},
    }
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        yaml.safe_dump(content, file)
        file.flush()
        return read_registry(Path(file.name))


_VENDOR = """
import sys
from tests.fakes.openai import OpenAIServer
from tests.fakes.steps import Answer, Fail
with OpenAIServer(reasoning_model=False) as vendor:
    vendor.always({step})
    print(vendor.url, flush=True)
    sys.stdin.read()
"""


@contextmanager
def _vendor(step: str) -> Iterator[str]:
    """Run a fake vendor in a process of its own, not to share the interpreter lock with what is measured."""
    with subprocess.Popen(
        [sys.executable, "-c", _VENDOR.format(step=step)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()


_LITELLM = """
import sys, time
sys.path.insert(0, "")
import litellm
litellm.suppress_debug_info = True
router = litellm.Router(num_retries=0, model_list=[{"model_name": "well", "litellm_params": {
    "model": "openai/well", "api_base": sys.argv[1], "api_key": "test-key"}}])
messages = [{"role": "system", "content": "Be brief."}, {"role": "user", "content": "How hot is boiling water?"}]
print("ready", flush=True)
for line in sys.stdin:
    calls = int(line)
    begun = time.perf_counter()
    for _ in range(calls):
        router.completion(model="well", messages=messages, max_tokens=100)
    print((time.perf_counter() - begun) / calls, flush=True)
"""


@contextmanager
def _litellm(venv: Path | None, address: str) -> Iterator[Callable[[int], float] | None]:
    """Run LiteLLM's Router in an environment of its own; it takes a number of calls and tells the seconds for one."""
    if venv is None:
        yield None
        return
    environment = {"PATH": os.environ["PATH"], "LITELLM_LOCAL_MODEL_COST_MAP": "True", "NO_PROXY": "*"}
    with subprocess.Popen(
        [str(venv / "bin" / "python"), "-W", "ignore", "-c", _LITELLM, address],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=environment,
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        told, answers = process.stdin, process.stdout
        while answers.readline().strip() != "ready":
            if process.poll() is not None:
                raise SystemExit("LiteLLM did not start.")

        def run(calls: int) -> float:
            told.write(f"{calls}\n")
            told.flush()
            return float(answers.readline())

        yield run
        told.close()


if __name__ == "__main__":
    main()
