"""YAML files that people edit, read into validated objects: every fault names the line and the key."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

KeyPath = tuple[str | int, ...]
Model = TypeVar("Model", bound=BaseModel)


@dataclass(frozen=True, kw_only=True)
class ConfigFault:
    """What is wrong with the file: the line (1-based), the key and a sentence."""

    line: int
    key: str
    message: str

    def __str__(self) -> str:
        return f"line {self.line}: {self.key}: {self.message}" if self.key else f"line {self.line}: {self.message}"


class InvalidConfigFile(Exception):
    """The file cannot be used."""

    def __init__(self, path: Path, faults: list[ConfigFault]) -> None:
        super().__init__("; ".join(f"{path.name} {fault}" for fault in faults))
        self.faults = faults


def read_config_file(path: Path, model: type[Model]) -> tuple[Model, KeyLines, bytes]:
    """Return the content of a file, the lines of its keys, and its bytes.

    Raises InvalidConfigFile with everything that is wrong with it, and OSError.
    """
    content = path.read_bytes()
    try:
        plain, lines = _parse_document(content.decode("utf-8"))
    except UnicodeDecodeError:
        raise InvalidConfigFile(path, [ConfigFault(line=1, key="", message="the file is not UTF-8")]) from None
    except yaml.MarkedYAMLError as exc:
        mark = exc.problem_mark or exc.context_mark
        line = mark.line + 1 if mark else 1
        raise InvalidConfigFile(path, [ConfigFault(line=line, key="", message=f"not YAML: {exc.problem}")]) from None
    except yaml.reader.ReaderError as exc:
        line = content.decode("utf-8").count("\n", 0, exc.position) + 1
        raise InvalidConfigFile(path, [ConfigFault(line=line, key="", message=f"not YAML: {exc.reason}")]) from None
    except RecursionError:
        raise InvalidConfigFile(
            path, [ConfigFault(line=1, key="", message="nested too deeply, or an alias holds itself")]
        ) from None
    if lines.faults:
        raise InvalidConfigFile(path, lines.faults)
    try:
        return model.model_validate(plain), lines, content
    except ValidationError as exc:
        raise InvalidConfigFile(
            path, [lines.build_fault(error["loc"], _format_message(error)) for error in exc.errors()]
        ) from None


def _format_message(error: Any) -> str:
    if error["type"] == "extra_forbidden":
        return "unknown key"
    if error["type"] == "missing":
        return "missing"
    return str(error["msg"]).removeprefix("Value error, ")


class KeyLines:
    """Where each key of a YAML document stands; finds keys that are given twice on the way."""

    def __init__(self, root: yaml.Node | None) -> None:
        self.faults: list[ConfigFault] = []
        self._line_of_key: dict[KeyPath, int] = {(): 1}
        if root is not None:
            self._index_node(root, ())

    def build_fault(self, path: KeyPath, message: str) -> ConfigFault:
        """Return a fault at the key, or at the nearest key above it that the file has."""
        known = path
        while known not in self._line_of_key:
            known = known[:-1]
        return ConfigFault(line=self._line_of_key[known], key=".".join(map(str, path)), message=message)

    def _index_node(self, node: yaml.Node, path: KeyPath) -> None:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                below = (*path, str(key.value))
                if below in self._line_of_key and key.value != "<<":
                    self.faults.append(
                        ConfigFault(line=key.start_mark.line + 1, key=".".join(map(str, below)), message="given twice")
                    )
                self._line_of_key[below] = key.start_mark.line + 1
                self._index_node(value, below)
        elif isinstance(node, yaml.SequenceNode):
            for position, value in enumerate(node.value):
                self._line_of_key[*path, position] = value.start_mark.line + 1
                self._index_node(value, (*path, position))


class _LocatingLoader(yaml.SafeLoader):
    """A loader that names the line of a value that cannot be built, such as a thirteenth month."""

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        try:
            return super().construct_object(node, deep=deep)
        except ValueError as exc:
            raise yaml.constructor.ConstructorError(problem=str(exc), problem_mark=node.start_mark) from exc


def _parse_document(text: str) -> tuple[Any, KeyLines]:
    """Return what the document says and where. Raises what `yaml` does, and RecursionError for an alias in itself."""
    loader = _LocatingLoader(text)
    root = loader.get_single_node()
    lines = KeyLines(root)
    return None if root is None else loader.construct_document(root), lines
