from __future__ import annotations

import argparse
from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from materials.models import Quota
from materials.objects.quotas import get_storage_usage, set_quota
from project.env import parse_size
from project.errors import RuleViolation
from tenants.lookup import find_tenant


class Command(BaseCommand):
    help = (
        "Set how much a tenant may store: a limit such as 10GB, or `none` to lift it. A limit that is not given "
        "stays as it "
        "is; without any the present ones are shown. What is stored already stays."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the tenant")
        for name, effect in (("soft", "warn from here on"), ("hard", "refuse what could go beyond")):
            parser.add_argument(
                f"--{name}", type=_parse_size, metavar="SIZE|none", help=effect, default=argparse.SUPPRESS
            )

    def handle(self, *, tenant: str, **options: Any) -> str:
        owner = find_tenant(tenant)
        stored = get_storage_usage(tenant=owner, now=timezone.now()).stored
        # Not those of the usage, which are the lower ones of these and the tenant's own.
        present = Quota.objects.filter(tenant=owner).first() or Quota()
        limit_by_name = {"soft": present.soft_limit, "hard": present.hard_limit}
        if given := {name: options[name] for name in limit_by_name if name in options}:
            limit_by_name |= given
            try:
                set_quota(tenant=owner, soft_limit=limit_by_name["soft"], hard_limit=limit_by_name["hard"])
            except RuleViolation as exc:
                raise CommandError(str(exc)) from exc
        own = {"own soft": present.own_soft_limit, "own hard": present.own_hard_limit}
        limit_by_name |= {name: limit for name, limit in own.items() if limit is not None}
        limits = ", ".join(
            f"{name} limit {'none' if limit is None else f'{limit:,} bytes'}" for name, limit in limit_by_name.items()
        )
        return f"{owner.slug}: {limits}; {stored:,} bytes are stored"


def _parse_size(word: str) -> int | None:
    if word == "none":
        return None
    number = parse_size(word)
    if number is None or number >= 2**63:  # PostgreSQL's bigint
        raise ArgumentTypeError(f"{word!r} is not a size such as 10GB, 1GiB or 1048576")
    return number
