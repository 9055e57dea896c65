"""The kinds of job, registered by the apps that own the work. Jobs know that work only by its dotted name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol, cast
from uuid import UUID

from django.utils.module_loading import import_string

from project.jobs.queues import JobQueue
from tenants.scopes import Scope

if TYPE_CHECKING:  # apps register their kinds while they load, before there are models
    from django.db.models import QuerySet

    from project.jobs.end_events import JobEnd
    from project.jobs.run import JobRun
    from tenants.events.services import NewEvent
    from tenants.models import Tenant

JobFunction = Callable[["JobRun"], None]
SelectSubjects = Callable[["Tenant", Sequence[UUID]], "QuerySet[Any, Any]"]
ListEndEvents = Callable[[Sequence["JobEnd"]], list["NewEvent"]]


class ListNodes(Protocol):
    """Returns the ids of a node and of all below it. Raises NotFound."""

    def __call__(self, *, tenant: Tenant, node_id: UUID) -> list[UUID]: ...


@dataclass(frozen=True, kw_only=True)
class JobKind:
    """One kind of job: who does it, how often it may be tried, in which queue it waits, which keys may read it."""

    name: str
    function_path: str
    max_attempts: int
    queue: JobQueue
    read_scope: Scope
    start_scope: Scope
    subjects_path: str = ""
    end_events_path: str = ""

    def load_function(self) -> JobFunction:
        """Return the function that does the work."""
        return cast(JobFunction, import_string(self.function_path))


_kinds_by_name: dict[str, JobKind] = {}
_node_function_paths: list[str] = []


def register_job_kind(
    name: str,
    *,
    function_path: str,
    max_attempts: int = 3,
    queue: str = JobQueue.LIGHT,
    read_scope: Scope = Scope.CHECK,
    start_scope: Scope = Scope.PREP,
    subjects_path: str = "",
    end_events_path: str = "",
) -> None:
    """Register a kind of job. Call it from `AppConfig.ready`.

    `function_path` is the dotted name of a function that takes a `JobRun`. What takes minutes of processor time or much
    memory belongs into the queue `heavy`. For keys without `read_scope` there are no such jobs: a kind whose plan,
    result or errors say more than those may read needs a stronger one. Who has it tried again needs `start_scope`, as
    whoever starts such work does. `subjects_path` is the dotted name of a function that takes a tenant and ids of
    nodes, and returns the ids of the subjects at those as a query of one column; without one, no jobs of the kind are
    found by a node. `end_events_path` is that of a function that takes jobs of the kind that failed or were cancelled,
    as `JobEnd`s, and returns the events of what this means for their subjects. Raises ValueError for a queue that does
    not exist.
    """
    _kinds_by_name[name] = JobKind(
        name=name,
        function_path=function_path,
        max_attempts=max_attempts,
        queue=JobQueue(queue),
        read_scope=read_scope,
        start_scope=start_scope,
        subjects_path=subjects_path,
        end_events_path=end_events_path,
    )


def register_node_function(path: str) -> None:
    """Register by which function, a `ListNodes`, jobs find what is below a node. Call it from `AppConfig.ready`."""
    _node_function_paths[:] = [path]


def load_node_function() -> ListNodes:
    """Return the function that lists the nodes below a node."""
    (path,) = _node_function_paths
    return cast(ListNodes, import_string(path))


def get_job_kind(name: str) -> JobKind:
    """Return a registered kind. Raises KeyError."""
    return _kinds_by_name[name]


def find_end_events_function(name: str) -> ListEndEvents | None:
    """Return the function that says what an end without completion means for the subjects of a kind.

    None for kinds without one, and for those that earlier versions had.
    """
    kind = _kinds_by_name.get(name)
    return cast(ListEndEvents, import_string(kind.end_events_path)) if kind and kind.end_events_path else None


def load_subject_functions() -> list[SelectSubjects]:
    """Return the functions that find subjects by a node, each once."""
    paths = {kind.subjects_path for kind in list_job_kinds()} - {""}
    return [cast(SelectSubjects, import_string(path)) for path in sorted(paths)]


def list_job_kinds() -> list[JobKind]:
    """Return all registered kinds."""
    return list(_kinds_by_name.values())
