"""Spans with the GenAI conventions, and nothing without OpenTelemetry."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
from django.conf import settings
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from llm.messages import ModelRequest
from llm.router import telemetry
from tests.fakes.steps import Answer, Fail
from tests.llm.world import World


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    monkeypatch.setattr(trace, "get_tracer", provider.get_tracer)
    telemetry._get_tracer.cache_clear()
    yield exporter
    telemetry._get_tracer.cache_clear()


def test_a_question_is_a_span_and_each_attempt_one_below_it(world: World, spans: InMemorySpanExporter) -> None:
    world.google.script(Fail(404))
    world.anthropic.script(Answer("100.", input_tokens=1000, cached_tokens=100, output_tokens=50))

    world.router.complete("ask", ModelRequest(prompt="A secret prompt", system="A secret rule"))

    failed, answered, question = spans.get_finished_spans()
    assert [span.name for span in (question, failed, answered)] == ["route ask", "chat gemini", "chat claude"]
    assert {_parent_of(failed), _parent_of(answered)} == {question.context.span_id if question.context else 0}
    assert answered.kind is trace.SpanKind.CLIENT
    told = dict(answered.attributes or {})
    assert told["gen_ai.provider.name"] == "anthropic"
    assert dict(failed.attributes or {})["gen_ai.provider.name"] == "gcp.gemini"
    assert told["gen_ai.usage.input_tokens"] == 1000
    assert told["gen_ai.usage.cache_read.input_tokens"] == 100
    assert told["gen_ai.usage.output_tokens"] == 50
    assert told["gen_ai.response.model"] == "claude"
    assert dict(failed.attributes or {})["error.type"] == "model_unknown"
    assert "secret" not in str([span.to_json() for span in (failed, answered, question)])


def _parent_of(span: ReadableSpan) -> int:
    return span.parent.span_id if span.parent else 0


def test_nothing_happens_without_the_extra() -> None:
    script = """
import sys
sys.modules["opentelemetry"] = None
from llm.router import telemetry
with telemetry.start_question_span("ask", strategy="default", registry="x") as span:
    assert isinstance(span, telemetry.NoSpan)
"""
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=settings.BASE_DIR, capture_output=True, text=True, check=False
    )

    assert done.returncode == 0, done.stderr


def test_spans_go_where_the_environment_says() -> None:
    arrived: list[tuple[str, bytes]] = []

    class Collector(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            arrived.append((self.path, self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    script = """
from llm.router import telemetry
with telemetry.start_question_span("ask", strategy="default", registry="x"):
    with telemetry.start_attempt_span(
        provider="google", model="gemini", path="default", number=1, max_tokens=9, is_json=False
    ):
        pass
"""
    with HTTPServer(("127.0.0.1", 0), Collector) as collector:
        threading.Thread(target=collector.serve_forever, daemon=True).start()
        environment = {**os.environ, "OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{collector.server_port}"}
        subprocess.run([sys.executable, "-c", script], cwd=settings.BASE_DIR, env=environment, check=True)
        collector.shutdown()

    ((path, body),) = arrived
    assert path == "/v1/traces"
    assert b"route ask" in body
    assert b"chat gemini" in body
