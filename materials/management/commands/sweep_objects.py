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
        # A file is stored before its row is committed: what is young may still get one.
        before = timezone.now() - timedelta(hours=older_than)
        try:
            with sweep.load_object_listing():
                orphans = self._report_orphans(before, delete=delete)
                missing = self._report_missing_files(before, delete=delete_rows)
            unfinished = self._report_unfinished_uploads(before, delete=delete)
        except OSError as exc:
            raise CommandError(f"The storage failed: {exc.strerror or exc}. Run the command again.") from exc
        self.stdout.write(f"{orphans}; {missing}; {unfinished}")

    def _report_orphans(self, before: datetime, *, delete: bool) -> str:
        count = size = gone = 0
        for batch in _split_into_batches(sweep.find_orphaned_objects(before=before)):
            for orphan in batch:
                self.stdout.write(f"no row      {orphan.key} ({filesizeformat(orphan.size)})")
                count, size = count + 1, size + orphan.size
            if delete:
                gone += sweep.remove_orphans(batch)
        summary = f"files without a row: {count} ({filesizeformat(size)})"
        return f"{summary}, {gone} deleted" if delete else summary

    def _report_missing_files(self, before: datetime, *, delete: bool) -> str:
        count = gone = 0
        for batch in _split_into_batches(sweep.find_missing_objects(before=before)):
            for row in batch:
                kind = row.model._meta.verbose_name
                self.stdout.write(f"no file     {kind} {row.id} of tenant {row.tenant}: {row.key}")
                count += 1
                gone += delete and sweep.delete_row_without_object(row)
        summary = f"rows without a file: {count}"
        return f"{summary}, {gone} deleted" if delete else summary

    def _report_unfinished_uploads(self, before: datetime, *, delete: bool) -> str:
        count = 0
        for write in sweep.find_unfinished_writes(before=before):
            self.stdout.write(f"unfinished  {write.key or write.write_id}, begun {write.started_at:%Y-%m-%d %H:%M}")
            if delete:
                get_object_storage().discard_unfinished(write)
            count += 1
        summary = f"uploads that never ended: {count}"
        return f"{summary}, all ended" if delete and count else summary


def _split_into_batches(found: Iterable[T]) -> Iterator[list[T]]:
    rest = iter(found)
    while batch := list(islice(rest, sweep.BATCH_SIZE)):
        yield batch
