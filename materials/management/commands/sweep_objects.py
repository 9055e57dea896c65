from __future__ import annotations

from argparse import ArgumentParser
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, TypeVar

from django.core.management.base import BaseCommand, CommandError
from django.template.defaultfilters import filesizeformat
from django.utils import timezone

from materials.uploads import orphans as sweep
from project.storage.objects import get_object_storage

T = TypeVar("T")


class Command(BaseCommand):
    help = (
        "Compare the stored files with the database: files that no row points at, rows whose file is missing, and "
        "uploads that never ended. Only tells, unless --delete or --delete-rows is given."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--delete", action="store_true", help="delete the files without a row, and end the uploads")
        parser.add_argument(
            "--delete-rows",
            action="store_true",
            help="delete the entries and key frames whose file is missing, with the text that was read from it",
        )
        parser.add_argument(
            "--older-than", type=float, default=24, metavar="HOURS", help="leave alone what is younger (default: 24)"
        )

    def handle(self, *, delete: bool, delete_rows: bool, older_than: float, **options: Any) -> None:
        if older_than < 0:
            raise CommandError("--older-than must be at least 0.")
        before = timezone.now() - timedelta(hours=older_than)
        try:
            with sweep.stored_objects_listed():
                orphans = self._orphans(before, delete=delete)
                missing = self._missing(before, delete=delete_rows)
            unfinished = self._unfinished(before, delete=delete)
        except OSError as exc:
            raise CommandError(f"The storage failed: {exc.strerror or exc}. Run the command again.") from exc
        self.stdout.write(f"{orphans}; {missing}; {unfinished}")

    def _orphans(self, before: datetime, *, delete: bool) -> str:
        count = size = gone = 0
        for batch in _batches(sweep.orphans(before=before)):
            for orphan in batch:
                self.stdout.write(f"no row      {orphan.key} ({filesizeformat(orphan.size)})")
                count, size = count + 1, size + orphan.size
            if delete:
                gone += sweep.remove_orphans(batch)
        told = f"files without a row: {count} ({filesizeformat(size)})"
        return f"{told}, {gone} deleted" if delete else told

    def _missing(self, before: datetime, *, delete: bool) -> str:
        count = gone = 0
        for batch in _batches(sweep.missing(before=before)):
            for row in batch:
                kind = row.model._meta.verbose_name
                self.stdout.write(f"no file     {kind} {row.id} of tenant {row.tenant}: {row.key}")
                count += 1
                gone += delete and sweep.remove_row(row)
        told = f"rows without a file: {count}"
        return f"{told}, {gone} deleted" if delete else told

    def _unfinished(self, before: datetime, *, delete: bool) -> str:
        count = 0
        for write in sweep.unfinished(before=before):
            self.stdout.write(f"unfinished  {write.key or write.write_id}, begun {write.started_at:%Y-%m-%d %H:%M}")
            if delete:
                get_object_storage().discard_unfinished(write)
            count += 1
        told = f"uploads that never ended: {count}"
        return f"{told}, all ended" if delete and count else told


def _batches(found: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(found)
    while batch := list(islice(rest, sweep.BATCH)):
        yield batch
