"""A refused form as a page: what happened, who was faster, and all that was typed, to be sent again.

The form keeps the version that the person had before them. On a later one it is done only when they tick that they
want so, below what others did up to it: nothing is written over a colleague's work because a button was pressed twice.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import QueryDict

from project.errors import DomainError
from project.http.preconditions import PreconditionRequired, VersionChanged
from structures.course_admin.field_inputs import FieldInput, build_field_input, read_changed_fields, read_number
from structures.course_admin.pages import can_be_sent_again, describe_next_step
from structures.course_admin.steps import StepRow, describe_steps
from structures.course_admin.values import GONE, load_titles
from structures.editing.differences import write_field_text
from structures.editing.fields import COURSE_FIELDS, NODE_FIELDS, Minutes
from structures.editing.trees import COURSE_KEY, KeyedNode
from structures.models import WorkingCopy
from structures.working_copies.queries import list_history

# Enough to see what went on; the history has the rest.
_MAX_STEPS = 20
# What people type, by the names of the forms' inputs. Everything else was chosen, and goes with the form unseen.
_TYPED = {
    "title": ("Title", False),
    "description": ("Description of the new part", True),
    "text": ("Note", True),
    "quote": ("Words of the source", True),
    "term": ("Term", False),
    "definition.quote": ("Words that define it", True),
    "use.quote": ("Words that use it", True),
    "page": ("Page", False),
    "slide": ("Slide", False),
    "time": ("Time", False),
    "position": ("Position", False),
    "name": ("Name", False),
    "reason": ("Why", False),
}
_NEVER = {"csrfmiddlewaretoken", "revision", "apply_to"}
# What the button of a form does, by the operation, else by the name of its route.
_INTENTS = {
    "add_node": "Add a part",
    "add_note": "Write a note",
    "add_prerequisite": "Add a term of another lesson",
    "add_reference": "Add evidence",
    "approve": "Approve the working copy",
    "change_fields": "Change fields",
    "close": "Close the working copy",
    "conflicts": "Decide conflicts",
    "delete_node": "Delete the part",
    "merge_nodes": "Merge others into the part",
    "move_node": "Move the part",
    "rebase": "Put the working copy onto another structure",
    "refuse_correction": "Take a correction of the model back",
    "redo": "Do again what was taken back last",
    "remove_prerequisite": "Remove a term of another lesson",
    "remove_reference": "Remove evidence",
    "reorder_children": "Put the parts in order",
    "split_node": "Split the part in two",
    "start-thread": "Begin a thread of comments",
    "submit": "Submit the working copy for review",
    "undo": "Take the last step back, whoever made it",
    "withdraw": "Withdraw the working copy from review",
}


@dataclass(frozen=True, kw_only=True)
class TypedText:
    """One text of the form as it was typed. `is_number` for a short one, `is_wrong` for what cannot be meant there."""

    name: str
    label: str
    value: str
    is_long: bool = False
    is_number: bool = False
    is_wrong: bool = False


@dataclass(frozen=True, kw_only=True)
class TypedField:
    """A field as it was typed, and what the working copy says there now."""

    input: FieldInput
    now: str


@dataclass(frozen=True, kw_only=True)
class RefusedForm:
    """All that the page of a refused form shows.

    `seen` is the version that the person had before them, None when the form does not say. `asks_for_consent` when the
    form can be sent for the version `present` alone, which the person has to choose.
    """

    error: DomainError
    next_step: str
    intent: str
    seen: int | None
    present: int
    asks_for_consent: bool
    steps: Sequence[StepRow]
    left_out_steps: int
    has_other_changes: bool
    fields: Sequence[TypedField]
    texts: Sequence[TypedText]
    chosen: Sequence[tuple[str, str]]
    can_be_sent_again: bool


def build_refused_form(
    error: DomainError, form: QueryDict, copy: WorkingCopy, node: KeyedNode | None, *, step: str, seen: int | None
) -> RefusedForm:
    """Return what to show of a form that was refused. `node` is the one that the form is about, as it is now.

    `step` is the operation, or the name of the form's route. `seen` is the revision that the person had before them,
    and `copy` has that of now. Seven statements at most.
    """
    steps, left_out = _list_newer_steps(copy, seen) if isinstance(error, VersionChanged) else ([], 0)
    newer = copy.revision - (copy.revision if seen is None else seen)
    fields = list(_iter_typed_fields(form, node))
    texts = [
        TypedText(name=name, label=label, value=str(form[name]), is_long=is_long)
        for name, (label, is_long) in _TYPED.items()
        if name in form and (form[name] or name in {"title", "quote", "text"})
    ]
    texts += _list_typed_places(form, copy)
    hidden = _NEVER | {text.name for text in texts}
    return RefusedForm(
        error=error,
        next_step=describe_next_step(error),
        intent=_INTENTS.get(step, ""),
        seen=seen,
        present=copy.revision,
        asks_for_consent=isinstance(error, VersionChanged | PreconditionRequired),
        steps=steps,
        left_out_steps=left_out,
        # Reviews make versions, too, and no steps.
        has_other_changes=newer > len(steps) + left_out,
        fields=fields,
        texts=texts,
        # A field that was not changed is not sent again, and so stays as it is.
        chosen=[
            (name, str(value))
            for name in form
            if name not in hidden and not name.startswith(("value.", "was."))
            for value in form.getlist(name)
        ],
        can_be_sent_again=can_be_sent_again(error),
    )


def _list_newer_steps(copy: WorkingCopy, seen: int | None) -> tuple[list[StepRow], int]:
    if seen is None:
        return [], 0
    rows = list_history(tenant=copy.tenant, copy_id=copy.pk).filter(number__gt=seen)
    newest = describe_steps(copy, rows[:_MAX_STEPS])
    return newest, max(0, rows.count() - len(newest))


def _list_typed_places(form: QueryDict, copy: WorkingCopy) -> list[TypedText]:
    """Return the numbers by which a form puts parts in order, with the titles of the parts. Two statements."""
    names = {name: key for name in form if (key := _read_placed_key(name)) is not None}
    titles = load_titles(copy, names.values()) if names else {}
    return [
        TypedText(
            name=name,
            label=titles.get(key, GONE.capitalize()),
            value=str(form[name]),
            is_number=True,
            is_wrong=isinstance(read_number(str(form[name])), str),
        )
        for name, key in names.items()
    ]


def _read_placed_key(name: str) -> UUID | None:
    """Return the key of the part that an input such as `order.<key>` places, None for any other input."""
    prefix, _, key = name.partition(".")
    try:
        return UUID(key) if prefix == "order" else None
    except ValueError:
        return None


def _iter_typed_fields(form: QueryDict, node: KeyedNode | None) -> Iterator[TypedField]:
    """Yield the fields that the person changed. Of a node that is gone all that are in the form are shown."""
    kinds = COURSE_FIELDS if form.get("key") == str(COURSE_KEY) else NODE_FIELDS
    if not any(name.startswith("value.") for name in form):
        return
    for name, value in read_changed_fields(form, kinds).items():
        present = None if node is None else node.get_field(name)
        shown = present.minutes if isinstance(present, Minutes) else present
        node_type = None if node is None else node.node_type
        yield TypedField(
            input=build_field_input(name, kinds[name], node_type, value, was=str(form[f"was.{name}"])),
            now="" if shown is None else write_field_text(shown),
        )
