"""What a vendor refuses is one of our errors, which names neither the prompt nor the key nor the vendor's words."""

from __future__ import annotations

import email.utils
import json
import time

import pytest

from llm.errors import (
    ContentRefused,
    KeyRefused,
    ModelUnknown,
    ModelUnsuited,
    PromptInvalid,
    PromptTooLong,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
)
from tests.fakes.steps import Fail, Raw
from tests.llm.providers.dialects import (
    ANTHROPIC,
    DEEPSEEK,
    ECHO,
    GOOGLE,
    NOTHING,
    OPENAI,
    Dialect,
    ProviderHarness,
    assert_discreet,
    build_call,
    each_dialect,
    label,
)

STATUSES: dict[int, type[ProviderError]] = {
    400: PromptInvalid,
    401: KeyRefused,
    402: QuotaExhausted,
    403: KeyRefused,
    404: ModelUnknown,
    405: ModelUnsuited,
    408: ProviderBusy,
    409: ProviderBusy,
    413: PromptTooLong,
    422: PromptInvalid,
    429: ProviderBusy,
    500: ProviderBusy,
    502: ProviderBusy,
    503: ProviderBusy,
    504: ProviderBusy,
    529: ProviderBusy,
}


@each_dialect
@pytest.mark.parametrize(("status", "expected"), STATUSES.items())
def test_a_status_is_one_of_our_errors(harness: ProviderHarness, status: int, expected: type[ProviderError]) -> None:
    error = harness.fails(Fail(status, message=ECHO))

    assert type(error) is expected
    assert (error.status, error.usage, error.retry_after) == (status, NOTHING, None)
    assert f"HTTP {status}" in str(error)


@each_dialect
@pytest.mark.parametrize(("status", "expected"), [(502, ProviderBusy), (404, ModelUnknown), (400, PromptInvalid)])
@pytest.mark.parametrize(
    "body",
    [
        f"<html>{ECHO}</html>",
        "",
        "[]",
        "null",
        json.dumps({"error": ECHO}),
        json.dumps({"error": {"code": ECHO, "type": ECHO, "status": ECHO, "message": ECHO}}),
        json.dumps({"error": {"details": [ECHO, {"reason": ECHO, "retryDelay": [ECHO], "violations": [ECHO, 3]}]}}),
        json.dumps({"error": {"details": {"error_code": ECHO}}}),
    ],
)
def test_an_error_of_another_form_is_told_by_its_status(
    harness: ProviderHarness, status: int, expected: type[ProviderError], body: str
) -> None:
    error = harness.fails(Raw(status, body.encode(), content_type="text/html" if "<" in body else "application/json"))

    assert type(error) is expected
    assert error.status == status


CODES: list[tuple[Dialect, Fail, type[ProviderError]]] = [
    (OPENAI, Fail(400, code="context_length_exceeded", message=ECHO), PromptTooLong),
    (OPENAI, Fail(429, code="insufficient_quota", message=ECHO), QuotaExhausted),
    (OPENAI, Fail(429, code="rate_limit_exceeded", message=f"402 tokens. {ECHO}"), ProviderBusy),
    (OPENAI, Fail(429, message=f"Too many tokens a minute: insufficient_quota? {ECHO}"), ProviderBusy),
    (OPENAI, Fail(400, code="unsupported_parameter", param="max_tokens", message=ECHO), ModelUnsuited),
    (OPENAI, Fail(400, code="unsupported_value", param="temperature", message=ECHO), ModelUnsuited),
    (OPENAI, Fail(400, code="content_filter", message=ECHO), ContentRefused),
    (OPENAI, Fail(400, code="content_policy_violation", message=ECHO), ContentRefused),
    (DEEPSEEK, Fail(400, message=f"This model's maximum context length is 65536 tokens. {ECHO}"), PromptTooLong),
    (DEEPSEEK, Fail(402, message=f"Insufficient Balance {ECHO}"), QuotaExhausted),
    (ANTHROPIC, Fail(400, message=f"prompt is too long: 208310 tokens > 200000 maximum {ECHO}"), PromptTooLong),
    (ANTHROPIC, Fail(413, code="request_too_large", message=ECHO), PromptTooLong),
    (ANTHROPIC, Fail(429, code="enforced_spend_limit_reached", message=ECHO), QuotaExhausted),
    (ANTHROPIC, Fail(429, code="contract_spend_limit_reached", message=ECHO), QuotaExhausted),
    (ANTHROPIC, Fail(429, code="ramp_limit_exceeded", message=ECHO), ProviderBusy),
    (ANTHROPIC, Fail(529, code="overloaded_error", message=ECHO), ProviderBusy),
    (GOOGLE, Fail(400, message=f"The input exceeds the maximum number of tokens allowed. {ECHO}"), PromptTooLong),
    (GOOGLE, Fail(400, reason="API_KEY_INVALID", message=ECHO), KeyRefused),
    (GOOGLE, Fail(403, reason="API_KEY_SERVICE_BLOCKED", message=ECHO), KeyRefused),
    (GOOGLE, Fail(429, quota_id="GenerateRequestsPerDayPerProjectPerModel-FreeTier", message=ECHO), QuotaExhausted),
    (GOOGLE, Fail(429, quota_id="GenerateRequestsPerMinutePerProjectPerModel", message=ECHO), ProviderBusy),
    (GOOGLE, Fail(400, code="FAILED_PRECONDITION", message=ECHO), KeyRefused),
]  # fmt: skip


@pytest.mark.parametrize(("dialect", "step", "expected"), CODES, ids=label)
def test_a_vendors_code_says_more_than_its_status(
    harness: ProviderHarness, step: Fail, expected: type[ProviderError]
) -> None:
    error = harness.fails(step)

    assert type(error) is expected
    assert error.usage == NOTHING


@each_dialect
def test_a_wrong_key_is_the_keys_fault(harness: ProviderHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(harness.vendor, "key", "another-key")

    with pytest.raises(KeyRefused, match=r"^the key was refused \(HTTP 40") as failed:
        harness.provider.complete(build_call())

    assert failed.value.usage == NOTHING
    assert_discreet(failed.value)


WAITS: list[tuple[Fail, float | None]] = [
    (Fail(429, retry_after="13"), 13),
    (Fail(503, retry_after="0.5"), 0.5),
    (Fail(529, headers={"retry-after-ms": "700"}), 0.7),
    (Fail(429, headers={"retry-after-ms": "700"}, retry_after="13"), 0.7),
    (Fail(429, retry_after="Wed, 21 Oct 2015 07:28:00 GMT"), 0),
    (Fail(429, retry_after="soon"), None),
    (Fail(429, retry_after="-1"), None),
    (Fail(429, retry_after="nan"), None),
    (Fail(429), None),
]


@each_dialect
@pytest.mark.parametrize(("step", "seconds"), WAITS)
def test_it_says_how_long_the_vendor_asks_us_to_wait(
    harness: ProviderHarness, step: Fail, seconds: float | None
) -> None:
    assert harness.fails(step).retry_after == seconds


@each_dialect
def test_it_understands_until_when_the_vendor_asks_us_to_wait(harness: ProviderHarness) -> None:
    then = int(time.time()) + 60

    waits = harness.fails(Fail(503, retry_after=email.utils.formatdate(then, usegmt=True))).retry_after

    assert waits is not None
    assert then - time.time() <= waits <= 60


@pytest.mark.parametrize("dialect", [GOOGLE], ids=str)
@pytest.mark.parametrize(
    ("step", "seconds"),
    [
        (Fail(429, retry_delay="13s"), 13),
        (Fail(429, retry_delay="0.7s"), 0.7),
        (Fail(429, retry_delay="34.074824224s"), 34.074824224),
        (Fail(429, retry_delay="7s", retry_after="13"), 7),
        (Fail(429, retry_delay="soon", retry_after="13"), 13),
        (Fail(429, retry_delay="30s", quota_id="GenerateRequestsPerDayPerProject"), 30),
    ],
)
def test_google_says_in_the_body_how_long_to_wait(harness: ProviderHarness, step: Fail, seconds: float) -> None:
    assert harness.fails(step).retry_after == seconds


@pytest.mark.parametrize("dialect", [OPENAI, DEEPSEEK, ANTHROPIC], ids=str)
def test_a_failure_has_the_vendors_request_id(harness: ProviderHarness) -> None:
    assert harness.fails(Fail(500)).request_id.startswith("req_")
