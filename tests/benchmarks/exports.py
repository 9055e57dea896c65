"""What exports of a large course cost: `python -m tests.benchmarks.exports [lessons] [format ...]`.

Writes, lists the losses of and validates a course of a thousand lessons in every format, with its default options, each
in a process of its own that holds the course already. Prints the CPU seconds of each step, the ratio of writing to
encoding the course's texts as JSON in memory, and by how much the process grew.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import resource
import sys
import tempfile
from multiprocessing.connection import Connection
from pathlib import Path

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tests.settings")
os.environ.setdefault("LOG_LEVEL", "ERROR")
django.setup()

from structures.exports.base import ExportedSnapshot  # noqa: E402  # needs settings
from structures.exports.options import complete_options  # noqa: E402
from structures.exports.registry import EXPORT_FORMATS  # noqa: E402
from tests.structures.exports.courses import repeat_lessons  # noqa: E402

# What the process may grow by and how long a format may take, with 1,000 lessons (docs/how-to/export.md).
MAX_MIB, MAX_SECONDS = 60, 10


def main() -> None:
    numbers = [argument for argument in sys.argv[1:] if argument.isdigit()]
    names = [argument for argument in sys.argv[1:] if not argument.isdigit()] or list(EXPORT_FORMATS)
    snapshot = repeat_lessons(int(numbers[0]) if numbers else 1000)
    started = measure_cpu()
    encode_texts(snapshot)
    bare = measure_cpu() - started
    sys.stdout.write(f"{'format':<14} {'write':>7} {'x JSON':>7} {'losses':>7} {'check':>7} {'MiB':>5} {'kB':>7}\n")
    forking = multiprocessing.get_context("fork")
    for name in names:
        receiver, sender = forking.Pipe(duplex=False)
        process = forking.Process(target=measure_format, args=(name, snapshot, sender))
        process.start()
        write, losses, check, mebibytes, size, problem = receiver.recv()
        process.join()
        is_over = write + losses + check > MAX_SECONDS or mebibytes > MAX_MIB
        sys.stdout.write(
            f"{name:<14} {write:>6.2f}s {write / bare:>7.1f} {losses:>6.2f}s {check:>6.2f}s {mebibytes:>5.0f} "
            f"{size // 1000:>7} {'above the limit ' if is_over else ''}{problem}\n"
        )


def encode_texts(snapshot: ExportedSnapshot) -> None:
    """Encode what nodes say as JSON, which no format could do without."""
    for node in snapshot.walk_nodes():
        row = node.row
        json.dumps([row.title, row.description, row.learning_goal, row.reference_solution, list(row.examples)])


def measure_format(name: str, snapshot: ExportedSnapshot, sender: Connection) -> None:
    """Send the seconds of writing, losses and validation, the growth in MiB, the size, and what the validator says."""
    export_format = EXPORT_FORMATS[name]
    options = complete_options(export_format.options, {})
    before = measure_peak()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"export{export_format.extension}"
        times = [measure_cpu()]
        with path.open("wb") as out:
            export_format.write(snapshot, options, out)
        times.append(measure_cpu())
        sum(1 for _ in export_format.list_losses(snapshot, options))
        times.append(measure_cpu())
        report = export_format.validate(path)
        times.append(measure_cpu())
        problem = "" if report.exit == 0 else f"{report.validator} exit {report.exit}: {report.messages[:1]}"
        write, losses, check = (after - started for started, after in itertools.pairwise(times))
        sender.send((write, losses, check, measure_peak() - before, path.stat().st_size, problem))


def measure_cpu() -> float:
    """Return the CPU seconds of this process and its ended children."""
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(each.ru_utime + each.ru_stime for each in used)


def measure_peak() -> float:
    """Return the largest size that this process and its ended children had, in MiB."""
    own, children = (resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return max(own, children) / 1024


if __name__ == "__main__":
    main()
