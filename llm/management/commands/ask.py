from __future__ import annotations

import sys
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from llm.errors import ModelsExhausted
from llm.messages import ModelRequest
from llm.router.factory import get_model_router
from llm.router.router import Completion
from project.errors import DomainError
from tenants.lookup import find_tenant


class Command(BaseCommand):
    help = "Ask the models of an action one question, and show the answer, every attempt, its tokens and its cost."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("action", help="an action of the registry: see `manage.py models`")
        parser.add_argument("prompt", help="the question; - reads it from standard input")
        parser.add_argument("--strategy", default="default")
        parser.add_argument("--system", default="", help="instructions that come before the question")
        parser.add_argument(
            "--tenant", help="slug of the tenant that pays (default: nobody, the call is the operator's)"
        )

    def handle(
        self, *, action: str, prompt: str, strategy: str, system: str, tenant: str | None, **options: Any
    ) -> None:
        request = ModelRequest(prompt=sys.stdin.read() if prompt == "-" else prompt, system=system)
        payer = find_tenant(tenant) if tenant else None
        try:
            answer = get_model_router(payer).complete(action, request, strategy=strategy, tenant=payer)
        except ModelsExhausted as exc:
            causes = "\n".join(f"  {attempt}" for attempt in exc.attempts)
            raise CommandError(f"No model answered.\n{causes}\n{exc.next_step}") from exc
        except DomainError as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        # The account goes to standard error, so that the answer can be piped.
        self.stdout.write(answer.text)
        self.stderr.write(_format_account(answer))


def _format_account(answer: Completion) -> str:
    usage = answer.usage
    lines = ["", *(f"{a.provider}/{a.model} ({a.path}): {a.cause or 'answered'}" for a in answer.attempts)]
    lines.append(
        f"{usage.input_tokens} tokens in ({usage.cached_tokens} cached), {usage.output_tokens} out "
        f"({usage.thinking_tokens} thinking){', estimated' if usage.estimated else ''}; "
        f"${answer.cost.normalize():f} for all attempts"
    )
    return "\n".join(lines)
