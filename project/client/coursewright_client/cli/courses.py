"""Courses as people name them: by id, or by title."""

from __future__ import annotations

import uuid

from ..client import Client
from ..problems import ClientError
from ..types import NodeJson


class CourseUnclear(ClientError):
    """No course, or more than one, is called so."""


def find_node(client: Client, named: str) -> str:
    """Return the id of a node: of any node by its id, of a course by its title, too. Raises CourseUnclear."""
    try:
        return str(uuid.UUID(named))
    except ValueError:
        pass
    found = [course for course in client.iterate_nodes() if course["title"] == named]
    if len(found) == 1:
        return found[0]["id"]
    if found:
        shown = "\n".join(map(format_course, found))
        raise CourseUnclear(f"{len(found)} courses are called {named!r}. Name one by its id:\n{shown}")
    raise CourseUnclear(f"No course is called {named!r}. All courses: coursewright status")


def format_course(course: NodeJson) -> str:
    """Return a line about a course."""
    return f"{course['id']}  {course['created_at'][:10]}  {course['title']}"
