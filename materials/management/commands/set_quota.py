from __future__ import annotations

from argparse import ArgumentParser, ArgumentTypeError
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from materials.objects.quotas import get_storage_usage, set_quota
from project.env import parse_size
from project.errors import RuleViolation
from tenants.lookup import find_tenant


class Command(BaseCommand):
    help = "Set how much a tenant may store. A limit that is not given is lifted. What is stored already stays."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("tenant", help="slug of the tenant")
        parser.add_argument("--soft", type=_parse_size, metavar="SIZE", help="warn from here on, such as 10GB")
        parser.add_argument(
            "--hard", type=_parse_size, metavar="SIZE", help="refuse what could go beyond, such as 20GB"
        )

    def handle(self, *, tenant: str, soft: int | None, hard: int | None, **options: Any) -> str:
        owner = find_tenant(tenant)
        try:
            set_quota(tenant=owner, soft_limit=soft, hard_limit=hard)
        except RuleViolation as exc:
            raise CommandError(str(exc)) from exc
        stored = get_storage_usage(tenant=owner, now=timezone.now()).stored
        limit_by_name = {"soft": soft, "hard": hard}
        limits = ", ".join(
            f"{name} limit {'none' if limit is None else f'{limit:,} bytes'}" for name, limit in limit_by_name.items()
        )
        return f"{owner.slug}: {limits}; {stored:,} bytes are stored"


def _parse_size(word: str) -> int:
    number = parse_size(word)
    if number is None or number >= 2**63:  # PostgreSQL's bigint
        raise ArgumentTypeError(f"{word!r} is not a size such as 10GB, 1GiB or 1048576")
    return number
