"""Maps errors of vendors and SDKs to those of `llm.errors`.

The router decides by the class alone, so it is decided here once: by our own time limit, the type of the exception, the
vendor's code and the status. A vendor's message may repeat the prompt or the key: it is searched, but never repeated.
"""

from __future__ import annotations

import email.utils
import json
import re
import ssl
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from types import ModuleType
from typing import Any

import httpx2

from llm.errors import (
    AnswerInvalid,
    AnswerTimedOut,
    AnswerTooLarge,
    CertificateRefused,
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
from llm.messages import TokenUsage, estimate_usage
from llm.providers.base import ProviderCall
from llm.providers.transport import BodyTooLarge, TimeLimit, WrongHost
from llm.registry import ProviderSpec
from project import logs

# The registry may state a smaller window than the model has, to save money; ten times as much is no count any more.
MAX_WINDOWS = 10
# Only OpenAI has codes for this: of a prompt, and of all texts of a request for vectors. The others answer 400 with a
# general code, so that their message has to be searched: Anthropic's, Google's, those of vLLM, llama.cpp and Ollama.
_TOO_LONG_CODES = {"context_length_exceeded", "max_tokens_per_request"}
_TOO_LONG = re.compile(
    r"prompt is too long|maximum context length|context[ _]length|maximum number of tokens|exceeds? the (?:max|context)"
    r"|input is too long|too many tokens",
    re.IGNORECASE,
)
# Anthropic answers 400 `invalid_request_error` for an account without credit; taken as such, it would blame the prompt.
_NO_CREDIT = re.compile(r"credit balance is too low", re.IGNORECASE)
_UNSUITED_CODES = {"unsupported_parameter", "unsupported_value", "unsupported_model", "unknown_parameter"}
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached", "quota_exceeded", "billing_error"}
# For errors that come without a status of HTTP: that which the vendors send with the same code or type otherwise.
_STATUSES = {
    "invalid_request_error": 400,
    "context_length_exceeded": 400,
    "authentication_error": 401,
    "invalid_api_key": 401,
    "billing_error": 402,
    "insufficient_quota": 402,
    "permission_error": 403,
    "not_found_error": 404,
    "model_not_found": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "overloaded_error": 529,
}
_CONTENT_CODES = {"content_filter", "content_policy_violation", "moderation_blocked"}

log = logs.get_logger(__name__)


@contextmanager
def map_errors(call: ProviderCall, provider: ProviderSpec, *, max_bytes: int) -> Iterator[TimeLimit]:
    """Limit the body to the call's seconds and bytes, and map every error that is not an SDK's own to a ProviderError.

    The body must send the request and read the answer: nobody validates answers, so that one of another form fails
    with an arbitrary exception where it is read. It must note on the limit that it yields when a part of the answer
    has come.
    """
    limit = TimeLimit(call.seconds, call.checkpoint, silence_seconds=provider.answer_seconds, max_bytes=max_bytes)
    with limit:
        try:
            yield limit
        except ProviderError as exc:
            # The status stands in an event after a part of the answer, and vendors charge for what they have written.
            if call.arrival.characters and exc.status is not None and exc.usage == TokenUsage():
                exc.usage = None
            raise
        except (httpx2.HTTPError, httpx2.StreamError, httpx2.InvalidURL) as exc:
            raise map_transport_error(exc, call, provider, limit) from exc
        except json.JSONDecodeError:
            raise ProviderBusy("the body of the answer is not JSON") from None
        except UnicodeEncodeError:
            # A ValueError, too, so it comes first: a lone surrogate in the prompt has no UTF-8. Nothing was sent.
            raise PromptInvalid("the prompt holds signs that cannot be sent", usage=TokenUsage()) from None
        except (AttributeError, LookupError, RecursionError, TypeError, ValueError):
            raise ProviderBusy("the answer is not of the vendor's form") from None


def map_transport_error(
    exc: BaseException | None, call: ProviderCall, provider: ProviderSpec, limit: TimeLimit
) -> ProviderError:
    """Return the error for a connection that failed, broke or took too long.

    Its `usage` is empty when nothing can have been billed, None when the request may have arrived.
    """
    if isinstance(exc, WrongHost):
        return ModelUnsuited(
            "the request would have left for another host: check the provider's base URL", usage=TokenUsage()
        )
    if isinstance(exc, httpx2.TimeoutException):
        return _map_timeout(exc, call, provider, limit)
    if fault := find_certificate_fault(exc):
        return CertificateRefused(fault, usage=TokenUsage())
    if isinstance(exc, httpx2.ConnectError):
        return ProviderBusy("the server cannot be reached", usage=TokenUsage())
    if isinstance(exc, BodyTooLarge):
        return AnswerTooLarge(str(exc))
    return ProviderBusy("the connection broke")


def _map_timeout(
    exc: httpx2.TimeoutException, call: ProviderCall, provider: ProviderSpec, limit: TimeLimit
) -> ProviderError:
    usage = TokenUsage() if isinstance(exc, (httpx2.ConnectTimeout, httpx2.PoolTimeout)) else None
    if isinstance(exc, httpx2.ConnectTimeout):
        # Cut off earlier than the registry allows the provider: that was the caller's deadline, not a slow vendor.
        if call.seconds < provider.connect_seconds:
            return OutOfTime(f"no connection within the {call.seconds:.1f} s that were left", usage=usage)
        return AnswerTimedOut("no connection in time", usage=usage)
    if not limit.was_silent:
        return OutOfTime(f"no whole answer within the {call.seconds:.1f} s that were left", usage=usage)
    if call.arrival.characters:
        return AnswerTimedOut(f"the answer did not go on for {provider.idle_seconds:.0f} s", usage=usage)
    return AnswerTimedOut(f"no answer within {provider.answer_seconds:.0f} s", usage=usage)


def find_certificate_fault(exc: BaseException | None) -> str:
    """Return what is wrong with TLS when only an operator can mend it; blank for any other cause of a failure."""
    while exc is not None and not isinstance(exc, ssl.SSLError):
        exc = exc.__cause__ or exc.__context__
    if isinstance(exc, ssl.SSLCertVerificationError):
        return f"the server's TLS certificate is not trusted: {exc.verify_message}"
    if exc is not None and exc.reason == "WRONG_VERSION_NUMBER":
        return "the server does not speak TLS: check the base URL (https or http)"
    return ""


def map_sdk_error(
    sdk: ModuleType, exc: Any, call: ProviderCall, provider: ProviderSpec, limit: TimeLimit
) -> ProviderError:
    """Return the error for an exception of the openai or the anthropic SDK, whose exceptions have the same names."""
    if isinstance(exc, sdk.APITimeoutError):
        return map_transport_error(exc.__cause__ or httpx2.ReadTimeout("late"), call, provider, limit)
    if isinstance(exc, sdk.APIConnectionError):
        return map_transport_error(exc.__cause__, call, provider, limit)
    if isinstance(exc, sdk.APIStatusError):
        body = exc.body if isinstance(exc.body, Mapping) else {}
        # OpenAI's SDK unwraps `error`, Anthropic's does not.
        inner = body.get("error", body)
        fault = inner if isinstance(inner, Mapping) else {}
        details = fault.get("details")
        fine = details.get("error_code") if isinstance(details, Mapping) else None
        metadata = fault.get("metadata")
        if exc.status_code == 403 and isinstance(metadata, Mapping) and metadata.get("reasons"):
            # OpenRouter's moderation has the status of a refused key.
            fine = "moderation_blocked"
        return map_status_error(
            exc.status_code,
            code=str(fine or fault.get("code") or fault.get("type") or ""),
            message=str(fault.get("message") or ""),
            headers=exc.response.headers,
            request_id=exc.request_id or "",
        )
    return ProviderBusy("the answer is not of the vendor's form")


def map_answer_error(fault: object, *, usage: TokenUsage | None = None) -> ProviderError:
    """Return the error for an error object in the place of an answer, or in the midst of one, with the status 200.

    OpenRouter, Anthropic and others send these when a request fails after its head has left. `usage` is what the server
    counted all the same.
    """
    known = fault if isinstance(fault, Mapping) else {}
    code, kind = known.get("code"), str(known.get("type") or "")
    status = code if isinstance(code, int) and 400 <= code < 600 else _STATUSES.get(str(code), _STATUSES.get(kind))
    if status is None:
        return ProviderBusy("the server sent an error in the place of an answer", usage=usage)
    return map_status_error(
        status,
        code=str(code) if isinstance(code, str) else kind,
        message=str(known.get("message") or ""),
        headers={},
        usage=usage,
    )


def map_status_error(
    status: int,
    *,
    code: str,
    message: str,
    headers: Mapping[str, str],
    request_id: str = "",
    retry_after: float | None = None,
    usage: TokenUsage | None = None,
) -> ProviderError:
    """Return the error for an HTTP status and the vendor's code; `message` is only searched, never repeated.

    `retry_after` (seconds) takes precedence over the headers.
    """
    facts: dict[str, Any] = {
        "status": status,
        "usage": usage,
        "request_id": request_id,
        "retry_after": retry_after if retry_after is not None else parse_retry_after(headers),
    }
    # The order matters: vendors use 400, 403 and 429 for exhausted credit, which their code or message tells apart.
    named = format_status(status, code)
    if code in _CONTENT_CODES:
        return ContentRefused(f"the vendor's filter refused the content ({named})", **facts)
    if status == 402 or code in _QUOTA_CODES or code.endswith("spend_limit_reached") or _NO_CREDIT.search(message):
        return QuotaExhausted(f"the account has no credit or quota left ({named})", **facts)
    if status in {401, 403}:
        return KeyRefused(f"the key was refused ({named})", **facts)
    if status == 404:
        return ModelUnknown(f"no such model ({named})", **facts)
    # Groq has written an answer, which is not the JSON that it promised.
    if code == "json_validate_failed":
        return AnswerInvalid(f"the server could not make an object of the answer ({named})", **facts)
    if status == 413 or (status in {400, 422} and (code in _TOO_LONG_CODES or _TOO_LONG.search(message))):
        return PromptTooLong(f"the prompt is too long for the model ({named})", **facts)
    if status == 400 and code in _UNSUITED_CODES:
        return ModelUnsuited(f"the model does not take a parameter of ours ({named})", **facts)
    # 498 is Groq's word for a full queue.
    if status in {408, 409, 429, 498} or status >= 500:
        return ProviderBusy(_describe_busy(named, facts["retry_after"]), **facts)
    if status in {400, 422}:
        return PromptInvalid(f"the request was refused as malformed ({named})", **facts)
    return ModelUnsuited(f"the address does not lead to a model ({named})", **facts)


def format_status(status: int, code: str) -> str:
    """Return the status, followed by the vendor's code when it looks like one."""
    # A server may put any text into the field, and what is returned here is shown to users.
    return f"HTTP {status} {code}" if re.fullmatch(r"[A-Za-z][\w.-]{0,59}", code) else f"HTTP {status}"


def extract_usage(
    parse_usage: Callable[[Any], TokenUsage], given: object, call: ProviderCall, *, text: str = ""
) -> TokenUsage | None:
    """Return `parse_usage(given)`, as far as it can be true of an answer with this text.

    None when the server sent no usage, one whose counts are not natural numbers, or more than the model can read and
    write. Nothing counted of a prompt or a text that is there is replaced by our estimate.
    """
    try:
        usage = None if given is None else parse_usage(given)
    except (AttributeError, TypeError):
        return None
    if usage is None or not all(isinstance(count, int) and count >= 0 for count in vars(usage).values()):
        return None
    if max(vars(usage).values()) > MAX_WINDOWS * (call.model.context_window + call.model.max_output):
        log.warning("a server counts more tokens than its model has", provider=call.model.provider, model=call.model.id)
        return None
    if text.strip() and not (usage.input_tokens and usage.output_tokens):
        own = estimate_usage(call.request, text)
        return replace(
            usage,
            input_tokens=usage.input_tokens or own.input_tokens,
            output_tokens=usage.output_tokens or own.output_tokens,
            estimated=True,
        )
    return usage


def parse_retry_after(headers: Mapping[str, str]) -> float | None:
    """Return the seconds that the vendor asks to wait; None when it asks for nothing that can be read.

    Read from `retry-after-ms` (OpenAI) or `retry-after`, in seconds or as a date (RFC 9110, section 10.2.3).
    """
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
    # float() alone would take "inf" and "nan"; seven digits of milliseconds are hours, of seconds months.
    return bool(re.fullmatch(r"\d{1,7}(\.\d+)?", given))


def _describe_busy(named: str, retry_after: float | None) -> str:
    wait = f", asked to wait {retry_after:.0f} s" if retry_after is not None else ""
    return f"busy or failing ({named}{wait})"
