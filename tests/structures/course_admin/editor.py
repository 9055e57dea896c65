"""A person in front of the editor: a client that fills in the forms as the page shows them."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.test import Client
from lxml import html

from structures.editing.trees import COURSE_KEY
from structures.models import WorkingCopy, WorkingNode

COURSE = str(COURSE_KEY)


class Editor:
    """Reads the page of a working copy and sends its forms, with what they hold unless it is said otherwise."""

    def __init__(self, client: Client, copy: WorkingCopy) -> None:
        self.client, self.copy, self.page = client, copy, ""
        self.url = f"/admin/courses/copies/{copy.pk}/"

    def open(self, key: str = COURSE) -> html.HtmlElement:
        answer = self.client.get(self.url, {"node": key})
        assert answer.status_code == 200, answer.content.decode()
        return parse_page(answer.content.decode())

    def fill(self, key: str, operation: str, **typed: Any) -> dict[str, Any]:
        """Return what the form of an operation sends when these inputs are typed into."""
        page = self.open(key)
        form = next(each for each in page.forms if each.action.endswith(f"/{operation}/"))
        return {**collect_values(form), **{name.replace("__", "."): value for name, value in typed.items()}}

    def send(self, operation: str, values: dict[str, Any], *, status: int = 303) -> HttpResponse:
        answer = self.client.post(f"{self.url}edit/{operation}/", values)
        assert answer.status_code == status, answer.content.decode()
        return answer  # type: ignore[return-value]  # what the client adds is not needed

    def do(self, key: str, operation: str, *, status: int = 303, **typed: Any) -> HttpResponse:
        return self.send(operation, self.fill(key, operation, **typed), status=status)

    def key(self, title: str) -> str:
        """Return the key of the one node with this title."""
        rows = WorkingNode.objects.filter(working_copy=self.copy, content__fields__title=title)
        return str(rows.get().key)

    def node(self, key: str) -> dict[str, Any]:
        content: dict[str, Any] = WorkingNode.objects.get(working_copy=self.copy, key=UUID(key)).content or {}
        return content

    def titles(self, key: str) -> list[str]:
        """Return the titles of the parts inside a node, in order."""
        return [self.node(child)["fields"]["title"] for child in self.node(key).get("children", ())]


def parse_page(text: str) -> html.HtmlElement:
    """Return a page with its text areas as browsers read them: without the line break behind the tag."""
    page = html.fromstring(text)
    for area in page.iter("textarea"):
        area.text = (area.text or "").removeprefix("\n")
    return page


def collect_values(form: html.FormElement) -> dict[str, Any]:
    """Return what a browser sends of a form; names that come more than once with a list."""
    values: dict[str, Any] = {}
    for name, value in form.form_values():
        # As browsers do: lines end with two characters.
        sent = value.replace("\r\n", "\n").replace("\n", "\r\n")
        values.setdefault(name, []).append(sent)
    return {name: sent[0] if len(sent) == 1 else sent for name, sent in values.items()}


def collect_form(page: str, operation: str) -> dict[str, Any]:
    """Return what the one form for an operation on a page sends."""
    (form,) = [each for each in parse_page(page).forms if each.action.endswith(f"/{operation}/")]
    return collect_values(form)


def choose_present_version(page: str, operation: str) -> dict[str, Any]:
    """Return what a refused form sends when the person ticks that it is meant for the present version."""
    form = collect_form(page, operation)
    (tick,) = parse_page(page).xpath("//input[@type='checkbox'][@name='apply_to']")
    assert "apply_to" not in form, "nobody has ticked it yet"
    return {**form, "apply_to": tick.get("value")}
