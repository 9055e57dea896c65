"""When a request is sent again, and after how long."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass

from .problems import ServerUnreachable, UnexpectedAnswer, build_problem
from .steps import Answer, ConnectionBroken, Listen, Pause, Send, Steps

# 408: the body came too slowly. 429: too fast. 502 to 504: the server restarts, is full, or lost its store.
_PASSING = frozenset({408, 429, 502, 503, 504})
_LONGEST_BACKOFF = 30.0


@dataclass(frozen=True, kw_only=True)
class RetryPolicy:
    """How long the client keeps on trying.

    Failures without `Retry-After` are tried `tries` times, with pauses that double from `first_pause`. Pauses that the
    server asks for are kept to, as long as those of one request are not longer than `patience` seconds in all. A
    jitter keeps clients that failed together from coming back together.
    """

    tries: int = 6
    first_pause: float = 0.5
    patience: float = 900
    draw: Callable[[], float] = random.random

    def choose_pause(self, failures: int, retry_after: float | None) -> float:
        """Return the seconds until the next try: never less than the server asks for."""
        if retry_after is not None:
            return retry_after + self.draw() * min(1.0, retry_after / 4)
        return float(min(_LONGEST_BACKOFF, self.first_pause * 2 ** (failures - 1)) * (0.5 + self.draw() / 2))


# For questions whose answer is wanted now, such as "is it ready?".
ONE_TRY = RetryPolicy(tries=1, patience=0)


def exchange(request: Send | Listen, policy: RetryPolicy) -> Steps[Answer]:
    """Send a request until it is answered for good.

    What is sent must be harmless when it comes twice: a GET, a PUT, or a request with an `Idempotency-Key`. Raises
    ApiProblem and ServerUnreachable.
    """
    failures, waited = 0, 0.0
    while True:
        retry_after = None
        error: Exception
        try:
            answer: Answer = yield request
        except ConnectionBroken as exc:
            error = ServerUnreachable(f"{request.url.partition('?')[0]} cannot be reached: {exc}")
        else:
            if answer.status < 300:
                return answer
            if answer.status < 400:
                said = f"{request.url.partition('?')[0]} leads to {answer.headers.get('location', 'elsewhere')}."
                raise UnexpectedAnswer(f"{said} Use the address of the API itself.")
            problem = build_problem(answer)
            retry_after = problem.retry_after
            # A 409 that says when to come back: the same request still runs, begun before the connection broke.
            if answer.status not in _PASSING and not (answer.status == 409 and problem.code == "request_running"):
                raise problem
            error = problem
        failures += retry_after is None
        pause = policy.choose_pause(failures, retry_after)
        if failures >= policy.tries or waited + pause > policy.patience:
            raise error
        yield Pause(seconds=pause)
        waited += pause
