"""Detecting an answer in another script than the materials. Languages of one script are not told apart."""

from __future__ import annotations

from materials.documents import ChunkKind
from structures.engines.base.drafts import Draft
from structures.engines.base.sources import SourceNode
from structures.engines.llm.scripts import find_main_script, name_scripts


def build_script_warning(draft: Draft, source: SourceNode) -> str:
    """Return a warning when the draft is in another script than the materials; blank when it is not.

    Blank also when either mixes scripts, and when the node has a language: then the prompt asks for that one.
    """
    if source.language:
        return ""
    source_script = find_main_script(
        chunk.text
        for node in source.iter_nodes()
        for entry in node.entries
        for chunk in entry.chunks
        if chunk.kind is not ChunkKind.CODE  # its keywords are Latin in every course
    )
    draft_script = find_main_script(
        text for module in draft.modules for node in module.iter_nodes() for text in (node.title, node.description)
    )
    if not source_script or not draft_script or source_script == draft_script:
        return ""
    return (
        f"The materials are written in {name_scripts({source_script})} letters, the structure in "
        f"{name_scripts({draft_script})} ones. "
        "Set the node's language and generate again."
    )
