from __future__ import annotations

import argparse
from argparse import ArgumentParser
from decimal import Decimal
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from llm.errors import BudgetRefused
from llm.management.arguments import parse_dollars
from llm.models import SpendingLimit
from llm.services import set_budget
from tenants.lookup import find_tenant


class Command(BaseCommand):
    help = (
        "Set what a tenant may spend on models in a calendar month: a limit in dollars, or `none` to lift it. A "
        "limit that "
        "is not given stays as it is; without any the present ones are shown."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the tenant")
        for name, effect in (("soft", "warn from here on"), ("hard", "refuse calls that could go beyond")):
            parser.add_argument(
                f"--{name}", type=_parse_limit, metavar="DOLLARS|none", help=effect, default=argparse.SUPPRESS
            )

    def handle(self, *, tenant: str, **options: Any) -> str:
        owner = find_tenant(tenant)
        present = SpendingLimit.objects.filter(tenant=owner).first()
        limits = {
            "soft": present.soft_limit if present is not None else None,
            "hard": present.hard_limit if present is not None else None,
        }
        if given := {name: options[name] for name in limits if name in options}:
            limits |= given
            try:
                set_budget(tenant=owner, soft_limit=limits["soft"], hard_limit=limits["hard"])
            except BudgetRefused as exc:
                raise CommandError(f"{exc} {exc.next_step}") from exc
        shown = dict(limits)
        if present is not None:
            own = {"own soft": present.own_soft_limit, "own hard": present.own_hard_limit}
            shown |= {name: limit for name, limit in own.items() if limit is not None}
        return f"{owner.slug}: " + ", ".join(
            f"{name} limit {'none' if limit is None else f'${limit}'}" for name, limit in shown.items()
        )


def _parse_limit(word: str) -> Decimal | None:
    return None if word == "none" else parse_dollars(word)
