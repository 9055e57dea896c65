from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from decimal import Decimal, InvalidOperation
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from llm.errors import BudgetRefused
from llm.services import set_budget
from tenants.lookup import find_tenant


class Command(BaseCommand):
    help = "Set what a tenant may spend on models in a calendar month. A limit that is not given is lifted."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the tenant")
        parser.add_argument("--soft", type=_parse_dollars, metavar="DOLLARS", help="warn from here on")
        parser.add_argument("--hard", type=_parse_dollars, metavar="DOLLARS", help="refuse calls that could go beyond")

    def handle(self, *, tenant: str, soft: Decimal | None, hard: Decimal | None, **options: Any) -> str:
        owner = find_tenant(tenant)
        try:
            set_budget(tenant=owner, soft_limit=soft, hard_limit=hard)
        except BudgetRefused as exc:
            raise CommandError(f"{exc} {exc.next_step}") from exc
        limits = {"soft": soft, "hard": hard}
        return f"{owner.slug}: " + ", ".join(
            f"{name} limit {'none' if limit is None else f'${limit}'}" for name, limit in limits.items()
        )


def _parse_dollars(word: str) -> Decimal:
    try:
        amount = Decimal(word)
    except InvalidOperation:
        raise ArgumentTypeError(f"{word!r} is not an amount in dollars") from None
    if not amount.is_finite() or amount < 0:
        raise ArgumentTypeError(f"{word!r} is not an amount in dollars")
    return amount
