"""What is printed: results on standard output, as text or as one JSON document; all else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, DownloadColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn


@dataclass(frozen=True, kw_only=True)
class Output:
    """Where results and news go. Progress bars are shown to people only: on a terminal, and without `--json`."""

    as_json: bool
    news: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))

    def show(self, document: Any, lines: Iterable[str]) -> None:
        """Print a result: the document with `--json`, else the lines."""
        if self.as_json:
            sys.stdout.write(json.dumps(document, ensure_ascii=False, indent=2) + "\n")
        else:
            sys.stdout.writelines(f"{line}\n" for line in lines)
        sys.stdout.flush()

    def show_record(self, document: Mapping[str, Any], line: str) -> None:
        """Print one result of many, at once: with `--json` as a line of its own."""
        sys.stdout.write((json.dumps(document, ensure_ascii=False) if self.as_json else line) + "\n")
        sys.stdout.flush()

    def tell(self, text: str) -> None:
        """Print news for people."""
        self.news.print(escape(text), soft_wrap=True)

    def warn(self, text: str) -> None:
        """Print what went wrong, or needs attention."""
        self.news.print(f"[yellow]{escape(text)}[/]", soft_wrap=True)

    @contextmanager
    def count(self, what: str, total: int | None = None) -> Iterator[Callable[[int, int | None], None]]:
        """Show a bar that counts; the function that is yielded sets how many are done, and of how many."""
        with self._run_progress(MofNCompleteColumn()) as progress:
            task = progress.add_task(what, total=total)
            yield lambda done, of: progress.update(task, completed=done, total=of)

    @contextmanager
    def measure(self, what: str, total: int) -> Iterator[Callable[[int, str], None]]:
        """Show a bar of bytes; the function that is yielded sets how many are done, and what is said beside it."""
        with self._run_progress(DownloadColumn(), TimeRemainingColumn()) as progress:
            task = progress.add_task(what, total=total)
            yield lambda done, said: progress.update(task, completed=done, description=said)

    def _run_progress(self, *columns: Any) -> Progress:
        shown = self.news.is_terminal and not self.as_json
        return Progress(TextColumn("{task.description}"), BarColumn(), *columns, console=self.news, disable=not shown)
