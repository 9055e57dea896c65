"""Read YAML and JSON as plain values, whatever tags, aliases and depth a file has."""

from __future__ import annotations

import json
from typing import Any

import yaml

from materials.readers.contents.errors import NotContents

# Aliases repeat what they stand for, so that a few lines can stand for billions of values. A package that names 5,000
# files has some 50,000 values.
MAX_VALUES = 300_000
MAX_DEPTH = 60
_NOTHING = {"", "~", "null", "Null", "NULL"}


def load_yaml(text: str) -> Any:
    """Return the first document of a YAML text as lists, dictionaries, strings and None.

    Scalars stay as they are written (`1.10`, `yes`), tags of programs are ignored, and merge keys are followed. Raises
    NotContents for what is not valid, stands for too much, or contains itself.
    """
    loader = yaml.CSafeLoader(text)
    try:
        node = loader.get_node() if loader.check_node() else None
        if node is None:
            return None
        _Measure().measure(node, 0)
        return _convert(node)
    except yaml.YAMLError as exc:
        mark = getattr(exc, "problem_mark", None)
        where = f" (line {mark.line + 1})" if mark is not None else ""
        raise NotContents(f"it is not valid YAML{where}.") from None
    finally:
        loader.dispose()


def load_json(text: str) -> Any:
    """Return a JSON text as plain values. Raises NotContents."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        raise NotContents("it is not valid JSON.") from None
    _refuse_deep(value)
    return value


class _Measure:
    """Counts what nodes stand for with their aliases, each node once."""

    def __init__(self) -> None:
        # By identity: nodes of PyYAML are compared so. None marks a node whose inside is being counted.
        self._sizes: dict[int, int | None] = {}

    def measure(self, node: yaml.Node, depth: int) -> int:
        if id(node) in self._sizes:
            known = self._sizes[id(node)]
            if known is None:
                raise NotContents("it contains itself.")
            return known
        if depth > MAX_DEPTH:
            raise NotContents("it is nested too deeply.")
        self._sizes[id(node)] = None
        size = 1
        if isinstance(node, yaml.SequenceNode):
            size += sum(self.measure(each, depth + 1) for each in node.value)
        elif isinstance(node, yaml.MappingNode):
            size += sum(self.measure(key, depth + 1) + self.measure(value, depth + 1) for key, value in node.value)
        if size > MAX_VALUES:
            raise NotContents(f"it stands for more than {MAX_VALUES:,} values.")
        self._sizes[id(node)] = size
        return size


def _convert(node: yaml.Node) -> Any:
    if isinstance(node, yaml.SequenceNode):
        return [_convert(each) for each in node.value]
    if isinstance(node, yaml.MappingNode):
        found: dict[str, Any] = {}
        merged: list[Any] = []
        for key, value in node.value:
            name = key.value if isinstance(key, yaml.ScalarNode) else ""
            if name == "<<" and not key.style:
                merged.append(_convert(value))
            elif name:
                found[name] = _convert(value)
        for each in merged:
            for base in each if isinstance(each, list) else [each]:
                if isinstance(base, dict):
                    found = {**base, **found}
        return found
    assert isinstance(node, yaml.ScalarNode)
    return None if not node.style and node.value in _NOTHING else str(node.value)


def _refuse_deep(value: Any) -> None:
    waiting = [(value, 0)]
    while waiting:
        each, depth = waiting.pop()
        if depth > MAX_DEPTH:
            raise NotContents("it is nested too deeply.")
        if isinstance(each, dict):
            waiting += [(inside, depth + 1) for inside in each.values()]
        elif isinstance(each, list):
            waiting += [(inside, depth + 1) for inside in each]
