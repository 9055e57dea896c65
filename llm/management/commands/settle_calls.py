from __future__ import annotations

from argparse import ArgumentParser
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.core.management.base import BaseCommand, CommandError

from llm.errors import SettlementRefused
from llm.management.arguments import parse_dollars
from llm.services import settle_calls


class Command(BaseCommand):
    help = (
        "Say what calls of unknown cost did cost, by the vendor's bill: spending limits then count that instead of the "
        "estimate. Calls whose cost is known and calls in flight are refused, and then nothing is changed."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("calls", nargs="+", type=UUID, metavar="ID", help="id of the call, as the admin shows it")
        parser.add_argument("--cost", type=parse_dollars, required=True, help="dollars of each of them; 0 for none")

    def handle(self, *, calls: list[UUID], cost: Decimal, **options: Any) -> str:
        try:
            settle_calls(ids=calls, cost=cost)
        except SettlementRefused as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        return f"{len(set(calls))} settled at ${cost} each."
