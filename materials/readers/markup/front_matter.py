"""Split the front matter from a text: YAML between lines of `---`, or TOML between lines of `+++`."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

# Characters that are searched for the end of a front matter, which has a dozen lines: the patterns must not search
# books.
_MAX_LENGTH = 64 * 1024
_YAML = re.compile(r"\A\s{0,9}---[ \t]*\n(.*?)(?:\n|^)(?:---|\.\.\.)[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_TOML = re.compile(r"\A\s{0,9}\+\+\+[ \t]*\n(.*?)(?:\n|^)\+\+\+[ \t]*(?:\n|\Z)", re.DOTALL | re.MULTILINE)
_SETTING = re.compile(r"\s*(?:[\w\"'.-]+\s*:(?:\s|$)|#|-\s|$)|\s+\S")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(?:[-_][A-Za-z0-9]{2,8})*")


@dataclass(frozen=True, kw_only=True)
class FrontMatter:
    """The title and the language (a BCP 47 tag) of a front matter, blank when missing, and the text behind it.

    `fields` are all that it has, as YAML or TOML values. `source` is the front matter as it stands, blank when the text
    has none.
    """

    title: str
    language: str
    body: str
    source: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)


def split_front_matter(text: str) -> FrontMatter:
    """Return the title, the language and the body of a text; what only looks like a front matter stays in the body."""
    for pattern, load in ((_YAML, _parse_yaml), (_TOML, _parse_toml)):
        found = pattern.match(text[:_MAX_LENGTH])
        if found is not None and (fields := load(found.group(1))) is not None:
            said = next((str(fields[key]) for key in ("lang", "language", "locale") if _is_scalar(fields.get(key))), "")
            return FrontMatter(
                title=" ".join(str(fields["title"]).split()) if _is_scalar(fields.get("title")) else "",
                language=said.replace("_", "-") if _LANGUAGE.fullmatch(said) else "",
                body=text[found.end() :],
                source=found.group(1),
                fields=fields,
            )
    return FrontMatter(title="", language="", body=text)


def _is_scalar(value: object) -> bool:
    return isinstance(value, str | int | float) and not isinstance(value, bool)


def _parse_yaml(text: str) -> Mapping[str, Any] | None:
    try:
        fields = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError):  # a date such as 2024-13-01 is a ValueError
        return _parse_setting_lines(text)
    return fields if isinstance(fields, dict) else None


def _parse_setting_lines(text: str) -> Mapping[str, Any] | None:
    """Return the settings of lines that are nearly YAML, such as a title with a colon in it; None for other text."""
    lines = text.split("\n")
    if not all(_SETTING.match(line) for line in lines):
        return None
    pairs = (line.split(":", 1) for line in lines if ":" in line and not line[:1].isspace())
    return {name.strip(): value.strip().strip("\"'") for name, value in pairs}


def _parse_toml(text: str) -> Mapping[str, Any] | None:
    try:
        return tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        return None
