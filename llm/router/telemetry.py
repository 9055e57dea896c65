"""OpenTelemetry spans by the semantic conventions for generative AI; none without the `otel` extra.

One internal span for a question, one client span for each attempt. No span holds a prompt, an answer or a key. Where
spans are sent is configured by OpenTelemetry's own variables (`OTEL_EXPORTER_OTLP_ENDPOINT`, `OTEL_SERVICE_NAME`, ...).
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache
from typing import Any, Protocol

from llm.errors import ProviderError
from llm.messages import ModelReply

# Well-known values of `gen_ai.provider.name` where they differ from our registry's names.
_PROVIDER_NAMES = {"google": "gcp.gemini"}


class Span(Protocol):
    """The part of OpenTelemetry's span that is used here."""

    def set_attributes(self, attributes: Mapping[str, Any]) -> None: ...


class NoSpan:
    """A span that discards its attributes."""

    def set_attributes(self, attributes: Mapping[str, Any]) -> None:
        return


_NO_SPAN = nullcontext(NoSpan())


def start_question_span(action: str, *, strategy: str, registry: str) -> AbstractContextManager[Span]:
    """Return a context manager for the span of one question."""
    tracer = _get_tracer()
    if tracer is None:
        return _NO_SPAN
    attributes = {
        "llm.router.action": action,
        "llm.router.strategy": strategy,
        "llm.router.config_hash": registry,
    }
    # OpenTelemetry would record the exception's message and trace, and messages may repeat what a vendor wrote.
    span: AbstractContextManager[Span] = tracer.start_as_current_span(
        f"route {action}", attributes=attributes, record_exception=False, set_status_on_exception=False
    )
    return span


def start_attempt_span(
    *, provider: str, model: str, path: str, number: int, max_tokens: int, is_json: bool
) -> AbstractContextManager[Span]:
    """Return a context manager for the span of one attempt."""
    tracer = _get_tracer()
    if tracer is None:
        return _NO_SPAN
    attributes = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": _PROVIDER_NAMES.get(provider, provider),
        "gen_ai.request.model": model,
        "gen_ai.request.max_tokens": max_tokens,
        "gen_ai.output.type": "json" if is_json else "text",
        "llm.router.path": path,
        "llm.router.attempt": number,
    }
    return _trace_attempt(tracer, model, attributes)


@contextmanager
def _trace_attempt(tracer: Any, model: str, attributes: Mapping[str, Any]) -> Iterator[Span]:
    from opentelemetry.trace import SpanKind  # noqa: PLC0415  # only there with the otel extra

    with tracer.start_as_current_span(
        f"chat {model}",
        kind=SpanKind.CLIENT,
        attributes=attributes,
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except ProviderError as error:
            span.set_attributes({"error.type": error.kind})
            raise


def build_reply_attributes(reply: ModelReply) -> dict[str, Any]:
    """Return the span attributes of an answer: its model and token counts."""
    return {
        "gen_ai.response.model": reply.model,
        "llm.router.request_id": reply.request_id,
        "gen_ai.usage.input_tokens": reply.usage.input_tokens,
        "gen_ai.usage.cache_read.input_tokens": reply.usage.cached_tokens,
        "gen_ai.usage.output_tokens": reply.usage.output_tokens,
        "gen_ai.usage.reasoning.output_tokens": reply.usage.thinking_tokens,
    }


@cache
def _get_tracer() -> Any:
    """Return the tracer; None without OpenTelemetry or without an exporter. Decided once for the process."""
    try:
        from opentelemetry import trace  # noqa: PLC0415
    except ImportError:
        return None
    if os.environ.get("OTEL_EXPORTER_OTLP_ENDPOINT") or os.environ.get("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"):
        _configure_export(trace)
    # The proxy is what the API returns until a real provider is set: its spans would be made for nothing.
    if isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return None
    return trace.get_tracer("coursewright.llm")


def _configure_export(trace: Any) -> None:
    """Export spans as the environment configures it, unless a tracer provider has been set already."""
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter  # noqa: PLC0415
    from opentelemetry.sdk.trace import TracerProvider  # noqa: PLC0415
    from opentelemetry.sdk.trace.export import BatchSpanProcessor  # noqa: PLC0415

    # `opentelemetry-instrument` sets one before Django starts, and a second one would be refused with a warning.
    if not isinstance(trace.get_tracer_provider(), TracerProvider):
        provider = TracerProvider()
        provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
        trace.set_tracer_provider(provider)
