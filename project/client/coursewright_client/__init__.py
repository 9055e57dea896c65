"""A client of the Coursewright API.

    with Client("https://courses.example.org", key) as client:
        course = client.create_node("Water")
        client.upload_file(course["id"], Path("boiling.md"))
        client.wait_for_node(course["id"])
        print(client.generate(course["id"])["title"])

`AsyncClient` has the same methods, to be awaited, and iterated with `async for`.
"""

from .async_client import AsyncClient
from .client import Client
from .problems import (
    ApiProblem,
    ClientError,
    InputRefused,
    KeyRefused,
    LimitReached,
    ResourceMissing,
    ScopeMissing,
    ServerFailed,
    ServerUnreachable,
    StateConflict,
    UnexpectedAnswer,
    UnusableAddress,
    VersionOutdated,
    WaitedTooLong,
    WorkFailed,
)
from .retries import RetryPolicy
from .steps import Answer, FileChanged
from .types import Versioned

__all__ = [
    "Answer",
    "ApiProblem",
    "AsyncClient",
    "Client",
    "ClientError",
    "FileChanged",
    "InputRefused",
    "KeyRefused",
    "LimitReached",
    "ResourceMissing",
    "RetryPolicy",
    "ScopeMissing",
    "ServerFailed",
    "ServerUnreachable",
    "StateConflict",
    "UnexpectedAnswer",
    "UnusableAddress",
    "VersionOutdated",
    "Versioned",
    "WaitedTooLong",
    "WorkFailed",
]
