"""What the exit code says. 2 is a wrong use of the command (argparse), 130 Ctrl-C."""

from __future__ import annotations

from ..problems import (
    ApiProblem,
    KeyRefused,
    ScopeMissing,
    ServerUnreachable,
    VersionOutdated,
    WaitedTooLong,
)
from .credentials import NotLoggedIn

OK = 0
FAILED = 1
LEFT_OUT = 3
UNREACHABLE = 4
NOT_ALLOWED = 5
OUTDATED = 6
TIMED_OUT = 7
INTERRUPTED = 130

EXIT_CODES = """exit codes:
  0 done   1 failed   2 wrong use   3 done, but files were left out or could not be read
  4 the server was not reached   5 no key, or it may not do that   6 somebody else changed it first
  7 not ended within --timeout   130 Ctrl-C"""


def choose_exit_code(error: Exception) -> int:
    """Return the exit code for a failure."""
    match error:
        case NotLoggedIn() | KeyRefused() | ScopeMissing():
            return NOT_ALLOWED
        case ServerUnreachable():
            return UNREACHABLE
        case VersionOutdated():
            return OUTDATED
        case WaitedTooLong():
            return TIMED_OUT
    return FAILED


def describe_error(error: Exception) -> str:
    """Return what people are told about a failure."""
    return error.describe() if isinstance(error, ApiProblem) else str(error)
