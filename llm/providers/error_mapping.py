"""Vendor errors to ours: decided once, by our own clock, the type of the exception, the vendor's code, the status.

What a vendor writes beside its code may repeat the prompt or the key, so none of it goes into our messages.
"""

from __future__ import annotations

import email.utils
import json
import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from types import ModuleType
from typing import Any

import httpx2

from llm.errors import (
    ContentRefused,
    KeyRefused,
    ModelUnknown,
    ModelUnsuited,
    OutOfTime,
    PromptInvalid,
    PromptTooLong,
    ProviderBusy,
    ProviderError,
    QuotaExhausted,
)
from llm.messages import TokenUsage
from llm.providers.base import ProviderCall
from llm.providers.transport import TimeLimit, WrongHost
from llm.registry import ProviderSpec

_TOO_LONG = re.compile(
    r"prompt is too long|maximum context length|context[ _]length|maximum number of tokens|exceeds? the (?:max|context)"
    r"|input is too long|too many tokens",
    re.IGNORECASE,
)
_NO_CREDIT = re.compile(r"credit balance is too low", re.IGNORECASE)
_UNSUITED_CODES = {"unsupported_parameter", "unsupported_value", "unsupported_model", "unknown_parameter"}
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded", "billing_error"}
_CONTENT_CODES = {"content_filter", "content_policy_violation", "moderation_blocked"}


@contextmanager
def map_errors(call: ProviderCall, provider: ProviderSpec) -> Iterator[None]:
    """Give the body the call's time, and turn what lies below every SDK into our errors.

    No SDK checks the form of an answer: reading one of another form fails as it may.
    """
    with TimeLimit(call.seconds, call.checkpoint):
        try:
            yield
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as exc:
            raise map_transport_error(exc, call, provider) from exc
        except json.JSONDecodeError:
            raise ProviderBusy("the body of the answer is not JSON") from None
        except UnicodeEncodeError:
            raise PromptInvalid("the prompt holds signs that cannot be sent", usage=TokenUsage()) from None
        except (AttributeError, RecursionError, TypeError, ValueError):
            raise ProviderBusy("the answer is not of the vendor's form") from None


def map_transport_error(exc: BaseException | None, call: ProviderCall, provider: ProviderSpec) -> ProviderError:
    """Return our error for a connection that failed, broke or took too long."""
    if isinstance(exc, WrongHost):
        return ModelUnsuited(
            "the request would have left for another host: check the provider's base URL", usage=TokenUsage()
        )
    if isinstance(exc, httpx2.TimeoutException):
        usage = TokenUsage() if isinstance(exc, (httpx2.ConnectTimeout, httpx2.PoolTimeout)) else None
        is_connecting = isinstance(exc, httpx2.ConnectTimeout)
        if call.seconds < (provider.connect_seconds if is_connecting else provider.answer_seconds):
            return OutOfTime(f"no answer within the {call.seconds:.1f} s that were left", usage=usage)
        return ProviderBusy(
            "no connection in time" if is_connecting else f"no answer within {call.seconds:.0f} s", usage=usage
        )
    if isinstance(exc, httpx2.ConnectError):
        return ProviderBusy("the server cannot be reached", usage=TokenUsage())
    return ProviderBusy("the connection broke")


def map_sdk_error(sdk: ModuleType, exc: Any, call: ProviderCall, provider: ProviderSpec) -> ProviderError:
    """Return our error for an exception of the openai or the anthropic SDK, which name theirs alike."""
    if isinstance(exc, sdk.APITimeoutError):
        return map_transport_error(exc.__cause__ or httpx2.ReadTimeout("late"), call, provider)
    if isinstance(exc, sdk.APIConnectionError):
        return map_transport_error(exc.__cause__, call, provider)
    if isinstance(exc, sdk.APIStatusError):
        body = exc.body if isinstance(exc.body, Mapping) else {}
        inner = body.get("error", body)
        fault = inner if isinstance(inner, Mapping) else {}
        details = fault.get("details")
        fine = details.get("error_code") if isinstance(details, Mapping) else None
        return map_status_error(
            exc.status_code,
            code=str(fine or fault.get("code") or fault.get("type") or ""),
            message=str(fault.get("message") or ""),
            headers=exc.response.headers,
            request_id=exc.request_id or "",
        )
    return ProviderBusy("the answer is not of the vendor's form")


def map_status_error(
    status: int,
    *,
    code: str,
    message: str,
    headers: Mapping[str, str],
    request_id: str = "",
    retry_after: float | None = None,
) -> ProviderError:
    """Return our error for an HTTP status and the vendor's own code; `message` is only searched, never repeated."""
    facts: dict[str, Any] = {
        "status": status,
        "request_id": request_id,
        "retry_after": retry_after if retry_after is not None else parse_retry_after(headers),
    }
    named = format_status(status, code)
    if code in _CONTENT_CODES:
        return ContentRefused(f"the vendor's filter refused the content ({named})", **facts)
    if status == 402 or code in _QUOTA_CODES or code.endswith("spend_limit_reached") or _NO_CREDIT.search(message):
        return QuotaExhausted(f"the account has no credit or quota left ({named})", **facts)
    if status in {401, 403}:
        return KeyRefused(f"the key was refused ({named})", **facts)
    if status == 404:
        return ModelUnknown(f"no such model ({named})", **facts)
    if status == 413 or (status in {400, 422} and (code == "context_length_exceeded" or _TOO_LONG.search(message))):
        return PromptTooLong(f"the prompt is too long for the model ({named})", **facts)
    if status == 400 and code in _UNSUITED_CODES:
        return ModelUnsuited(f"the model does not take a parameter of ours ({named})", **facts)
    if status in {408, 409, 429} or status >= 500:
        return ProviderBusy(_describe_busy(named, facts["retry_after"]), **facts)
    if status in {400, 422}:
        return PromptInvalid(f"the request was refused as malformed ({named})", **facts)
    return ModelUnsuited(f"the address does not lead to a model ({named})", **facts)


def format_status(status: int, code: str) -> str:
    """Return the status, and the vendor's code when it has a code's form."""
    return f"HTTP {status} {code}" if re.fullmatch(r"[A-Za-z][\w.-]{0,59}", code) else f"HTTP {status}"


def extract_usage(parse_usage: Callable[[Any], TokenUsage], given: object) -> TokenUsage | None:
    """Return the usage that `parse_usage` finds; None when the server gave none, or none that counts tokens."""
    try:
        usage = None if given is None else parse_usage(given)
    except (AttributeError, TypeError):
        return None
    if usage is None or not all(isinstance(count, int) and count >= 0 for count in vars(usage).values()):
        return None
    return usage


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return how long the vendor asks us to wait, from `retry-after-ms` or `retry-after` (seconds or a date)."""
    given = headers.get("retry-after-ms", "")
    if _is_number(given):
        return float(given) / 1000
    given = headers.get("retry-after", "")
    if _is_number(given):
        return float(given)
    try:
        return max(0.0, email.utils.parsedate_to_datetime(given).timestamp() - time.time())
    except ValueError:
        return None


def _is_number(given: str) -> bool:
    return bool(re.fullmatch(r"\d{1,7}(\.\d+)?", given))


def _describe_busy(named: str, retry_after: float | None) -> str:
    wait = f", asked to wait {retry_after:.0f} s" if retry_after is not None else ""
    return f"busy or failing ({named}{wait})"
