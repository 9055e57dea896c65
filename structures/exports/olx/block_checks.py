"""Rules of the blocks of a course of Open edX: what is in what, their names, and what they lead to."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any

from lxml import etree

from structures.exports.package_checks import find_page_faults

POINTER = "url_name"
"""The attribute that names a block. An element that has no other leads to the file of the block."""
_CHILDREN = {
    "course": {"chapter"},
    "chapter": {"sequential"},
    "sequential": {"vertical"},
    "vertical": {"html", "problem", "video"},
}
_ATTRIBUTES = {
    "course": set[str](),
    "html": {"display_name", "filename"},
    "video": {"display_name", "youtube_id_1_0", "start_time", "end_time", "download_video"},
}
_TITLE_ALONE = {"display_name"}
# Those that may be without content: a section that is still to be filled, and a course without any.
_MAY_BE_EMPTY = {"course", "chapter", "html", "video"}
_NAME = re.compile(r"[A-Za-z0-9_.-]+")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\d")
_YOUTUBE_ID = re.compile(r"[A-Za-z0-9_-]+")
# By the kind of an answer, in what its choices stand.
_ANSWERS = {"multiplechoiceresponse": "choicegroup", "choiceresponse": "checkboxgroup"}
_MIN_CHOICES = 2


@dataclass(kw_only=True)
class BlockFinder:
    """Checks files with blocks one after the other, and notes the names that have to agree."""

    _names: dict[str, str] = field(default_factory=dict)
    # Files that blocks lead to, each with the block.
    _wanted: dict[str, str] = field(default_factory=dict)
    _found: set[str] = field(default_factory=set)

    def find_faults(self, root: Any, path: str) -> Iterator[str]:
        """Yield the faults of a file of blocks, whose root is of the kind that its folder has the name of."""
        self._found.add(path)
        folder, name = path.partition("/")[0], PurePosixPath(path).stem
        if root.tag != folder:
            yield f"its root is `{root.tag[:50]}` and not `{folder}`"
            return
        if root.get(POINTER, name) != name:
            yield f"its root has the name {root.get(POINTER)[:100]!r}"
        yield from self._find_block_faults(root, is_root=True)

    def find_missing(self, paths: Collection[str], course: str) -> Iterator[str]:
        """Yield files that blocks lead to and that are missing, and those that no block leads to.

        `course` is the file of the run, which `course.xml` leads to.
        """
        wanted = {**self._wanted, course: "course.xml"}
        yield from (
            f"{path}: it is missing, and {block} leads to it" for path, block in wanted.items() if path not in paths
        )
        pages = {path for path in paths if path.startswith("html/")}
        yield from (f"{path}: no block leads to it" for path in sorted((self._found | pages) - wanted.keys()))

    def _find_block_faults(self, block: Any, *, is_root: bool = False) -> Iterator[str]:
        said = f"`{block.tag}` {block.get(POINTER, '')[:100]}".rstrip()
        if not is_root:
            yield from (f"{said}: {fault}" for fault in self._find_name_faults(block))
            if set(block.attrib) == {POINTER} and not len(block) and not (block.text or "").strip():
                self._want(f"{block.tag}/{block.get(POINTER)}.xml", said)
                return
        allowed = _ATTRIBUTES.get(block.tag, _TITLE_ALONE) | {POINTER}
        yield from (f"{said}: an attribute `{name[:50]}`" for name in block.attrib if name not in allowed)
        if block.tag != "course" and not block.get("display_name", "").strip():
            yield f"{said}: it has no title"
        if not len(block) and not (block.text or "").strip() and block.tag not in _MAY_BE_EMPTY:
            yield f"{said}: it is empty"
        if block.tag in _CHILDREN:
            yield from self._find_container_faults(block, said)
        elif block.tag == "html":
            yield from self._find_page_faults(block, said)
        elif block.tag == "video":
            yield from (f"{said}: {fault}" for fault in self._find_video_faults(block))

    def _find_name_faults(self, block: Any) -> Iterator[str]:
        name = block.get(POINTER, "")
        if not _NAME.fullmatch(name):
            yield f"{name[:100]!r} is no name"
        if name in self._names:
            yield f"`{self._names[name]}` has this name, too"
        self._names[name] = block.tag

    def _find_container_faults(self, block: Any, said: str) -> Iterator[str]:
        if any((text or "").strip() for text in (block.text, *(child.tail for child in block))):
            yield f"{said}: it holds text"
        for child in block:
            if child.tag not in _CHILDREN[block.tag]:
                yield f"{said}: it holds `{str(child.tag)[:50]}`"
            else:
                yield from self._find_block_faults(child)

    def _find_page_faults(self, block: Any, said: str) -> Iterator[str]:
        name = block.get("filename", "")
        if not _NAME.fullmatch(name) or len(block) or (block.text or "").strip():
            yield f"{said}: it leads to no file, or has content besides"
        elif f"html/{name}.html" in self._wanted:
            yield f"{said}: another page leads to the same file"
        self._want(f"html/{name}.html", said)

    def _find_video_faults(self, block: Any) -> Iterator[str]:
        youtube, files = block.get("youtube_id_1_0"), [each.get("src", "") for each in block.iterfind("source")]
        if youtube is None or (youtube and not _YOUTUBE_ID.fullmatch(youtube)):
            yield "its id of YouTube is missing, or is none: Open edX would show a video of its own"
        if bool(youtube) == bool(files) or not all(url.startswith(("http://", "https://")) for url in files):
            yield "it has no address, several, or one that is not on the web"
        times = [block.get(name) for name in ("start_time", "end_time")]
        if any(time is not None and not _TIME.fullmatch(time) for time in times):
            yield "a time is none"
        elif None not in times and times[0] >= times[1]:
            yield "it ends before it begins"
        for child in block:
            if child.tag == "transcript" and _NAME.fullmatch(child.get("src", "")) and child.get("language"):
                self._want(f"static/{child.get('src')}", "a video")
            elif child.tag != "source":
                yield f"it holds `{str(child.tag)[:50]}`, or a transcript without language or file"

    def _want(self, path: str, block: str) -> None:
        self._wanted.setdefault(path, block)


def find_problem_faults(root: Any) -> Iterator[str]:
    """Yield the faults of a problem with choices: one is right where one can be chosen, else at least one."""
    answers = [each for each in root.iter() if each.tag in _ANSWERS or str(each.tag).endswith("response")]
    if len(answers) != 1 or answers[0].tag not in _ANSWERS:
        yield f"it asks for {[str(each.tag)[:50] for each in answers]} and not for one choice or several"
        return
    (answer,) = answers
    groups = answer.findall(_ANSWERS[answer.tag])
    choices = [] if len(groups) != 1 else groups[0].findall("choice")
    marks = [choice.get("correct") for choice in choices]
    if len(choices) < _MIN_CHOICES or not set(marks) <= {"true", "false"}:
        yield "it has too few choices, or does not say of each whether it is right"
    elif marks.count("true") != 1 if answer.tag == "multiplechoiceresponse" else "true" not in marks:
        yield "what is right is none of its choices, or several where one can be chosen"
    if any(not "".join(choice.itertext()).strip() for choice in choices):
        yield "a choice is blank"
    yield from find_page_faults(etree.tostring(root, encoding="utf-8", method="html"))
