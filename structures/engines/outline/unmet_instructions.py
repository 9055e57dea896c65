"""What the outline engine, which only takes what the materials say, cannot do of what a request says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from structures.engines.base.requests import Instructions
from structures.engines.base.sources import SourceNode

_BY_MODELS = "only an engine that asks models can write for it"


def list_unmet_instructions(instructions: Instructions, source: SourceNode) -> list[str]:
    """Return a sentence for each instruction that has no effect on the structure. Those to leave out have."""
    return list(_iter_unmet(instructions, source))


def _iter_unmet(instructions: Instructions, source: SourceNode) -> Iterator[str]:
    if instructions.language and not _is_in_language(instructions.language, source):
        yield (
            f"The request asks for the language {instructions.language!r}. This structure is in the language of the "
            "materials: the outline engine translates nothing."
        )
    if instructions.audience:
        yield f"The audience of the request has no effect on this structure: {_BY_MODELS}."
    if instructions.depth is not None:
        yield f"The depth {instructions.depth.value!r} of the request has no effect on this structure: {_BY_MODELS}."


def _is_in_language(language: str, source: SourceNode) -> bool:
    """Tell whether most of the text is known to be in a language, whatever its region or script."""
    sizes: Counter[str] = Counter()
    for node in source.iter_nodes():
        for entry in node.entries:
            known = entry.language or node.language or source.language
            sizes[_get_primary(known)] += sum(len(chunk.text) for chunk in entry.chunks)
    return 2 * sizes[_get_primary(language)] > sizes.total()


def _get_primary(language: str) -> str:
    return language.split("-")[0].casefold()
