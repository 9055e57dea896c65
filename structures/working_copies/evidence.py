"""New references of an edit: verified against today's chunks, as an engine's citations are."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from materials.documents import ChunkKind
from materials.models import Chunk, MaterialEntry, get_locator_columns
from materials.queries import list_subtree
from structures.editing.errors import EditRefused, InvalidValue, LimitExceeded, UnprovenReference
from structures.editing.operations.evidence import MAX_QUOTE, MAX_REFERENCES
from structures.editing.reference_json import decode_identity, decode_locator, decode_uuid, encode_reference
from structures.editing.references import KeyedPrerequisite, ReferenceIdentity, TreeReference
from structures.editing.texts import check_length
from structures.editing.trees import KeyedTree
from structures.grounding.quoted_words import QuotedWords
from structures.models import WorkingCopy
from structures.queries import load_worded_chunks
from structures.staleness.queries import build_title_paths
from structures.working_copies.quote_search import QuoteSearch, ReferenceClaim


def verify_arguments(
    copy: WorkingCopy, part: KeyedTree, operation: str, arguments: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the arguments of an operation with whole references in the place of what a person sent of them.

    Covers new references, and prerequisites among fields; prerequisites that a node of `part` has already stay as they
    are. Five statements at most. Raises UnprovenReference, InvalidValue, and LimitExceeded, also when the quotes may
    stand in more text than is looked through.
    """
    added = list(_iter_added(operation, arguments))
    cited = list(_iter_cited(arguments))
    slots = [*added, *cited]
    claims = [_read_claim(given) for given in slots]
    # A list of prerequisites is sent as a whole, and those that were there may have lost their quotes since.
    known = dict(_iter_known(part)) if cited else {}
    for claim in claims[: len(added)]:
        known.pop(claim.identity, None)
    if len(claims) > 2 * MAX_REFERENCES:
        raise LimitExceeded(f"The edit has {len(claims)} references; {2 * MAX_REFERENCES} are allowed.")
    new = [claim for claim in claims if claim.identity not in known]
    verified = dict(zip(new, _verify_claims(copy, new), strict=True)) if new else {}
    found = [known[claim.identity] if claim.identity in known else verified[claim] for claim in claims]
    whole = {id(given): encode_reference(reference) for given, reference in zip(slots, found, strict=True)}
    return {name: _replace(value, whole) for name, value in arguments.items()}


def _iter_known(part: KeyedTree) -> Iterator[tuple[ReferenceIdentity, TreeReference]]:
    for node in part.nodes.values():
        for item in node.fields.get("prerequisites", ()):  # type: ignore[union-attr]  # a list, whatever its items
            if isinstance(item, KeyedPrerequisite):
                yield item.definition.identity, item.definition
                yield item.use.identity, item.use


def _iter_added(operation: str, arguments: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the objects that should be new references of a node. Other operations name references that are there."""
    if operation == "add_reference":
        yield arguments.get("reference")
    elif operation == "add_node" and isinstance(arguments.get("references"), list):
        yield from arguments["references"]


def _iter_cited(arguments: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the objects that should be references of prerequisites."""
    for prerequisites in _iter_prerequisites(arguments):
        for item in prerequisites:
            if isinstance(item, Mapping):
                yield from (item[name] for name in ("definition", "use") if name in item)


def _iter_prerequisites(arguments: Mapping[str, Any]) -> Iterator[list[Any]]:
    if arguments.get("field") == "prerequisites" and isinstance(arguments.get("value"), list):
        yield arguments["value"]
    for name in ("fields", "remaining"):
        fields = arguments.get(name)
        if isinstance(fields, Mapping) and isinstance(fields.get("prerequisites"), list):
            yield fields["prerequisites"]


def list_prerequisite_lessons(arguments: Mapping[str, Any]) -> list[UUID]:
    """Return the keys of the lessons that prerequisites among the arguments name. Raises InvalidValue."""
    return [
        decode_uuid("lesson", item["lesson"])
        for prerequisites in _iter_prerequisites(arguments)
        for item in prerequisites
        if isinstance(item, Mapping) and "lesson" in item
    ]


def _replace(value: Any, whole: Mapping[int, Any]) -> Any:
    # By identity, so that only what was verified is replaced. The depth is bounded by the parser of bodies.
    if id(value) in whole:
        return whole[id(value)]
    if isinstance(value, Mapping):
        return {name: _replace(item, whole) for name, item in value.items()}
    return [_replace(item, whole) for item in value] if isinstance(value, list) else value


def _read_claim(given: Any) -> ReferenceClaim:
    if not isinstance(given, Mapping):
        raise InvalidValue("A reference must be an object with `entry` and `quote`.")
    # What else a reference shows is known here, and may be sent back as it was read.
    identity = decode_identity(given)
    check_length("A quote", identity.quote, limit=MAX_QUOTE)
    chunk = given.get("chunk")
    return ReferenceClaim(identity=identity, chunk_id=None if chunk is None else decode_uuid("chunk", chunk))


def _verify_claims(copy: WorkingCopy, claims: Sequence[ReferenceClaim]) -> list[TreeReference]:
    titles = build_title_paths(list_subtree(tenant=copy.tenant, node_id=copy.node_id))
    wanted = {claim.identity.entry_id for claim in claims}
    rows = MaterialEntry.objects.for_tenant(copy.tenant).filter(pk__in=wanted, node__in=list(titles))
    entries = rows.only("node_id", "name", "fingerprint", "chunk_count").in_bulk()
    search = _search_quotes(copy, [claim for claim in claims if claim.identity.entry_id in entries])
    references = [_build_reference(claim, entries, titles, search) for claim in claims]
    chunks = load_worded_chunks(tenant=copy.tenant, chunk_ids=(reference.chunk_id for reference in references))
    return [_add_words(reference, chunks) for reference in references]


def _add_words(reference: TreeReference, chunks: Mapping[UUID, Chunk]) -> TreeReference:
    """Return a reference with the place of its words, where it is known."""
    chunk = chunks.get(reference.chunk_id)
    if chunk is None:
        return reference
    place = QuotedWords(chunk).find_place(reference.quote)
    return replace(reference, locator=replace(reference.locator, words=place))


def _search_quotes(copy: WorkingCopy, claims: Sequence[ReferenceClaim]) -> QuoteSearch:
    """Look for the quotes in the chunks in which they may stand. Two statements at most."""
    search = QuoteSearch()
    columns = ("entry_id", "kind", "text", *get_locator_columns(decode_locator({})))
    rows = Chunk.objects.for_tenant(copy.tenant).only(*columns).order_by("entry_id", "position")
    # First what is named, since that is little.
    for naming in (
        [one for one in claims if one.chunk_id is not None],
        [one for one in claims if one.chunk_id is None],
    ):
        if naming and not search.is_cut_short:
            chunks = rows.filter(entry__in={claim.identity.entry_id for claim in naming})
            if naming[0].chunk_id is not None:
                chunks = chunks.filter(pk__in={claim.chunk_id for claim in naming})
            search.look_through(chunks.iterator(), naming)
    return search


def _build_reference(
    claim: ReferenceClaim, entries: Mapping[UUID, MaterialEntry], titles: Mapping[UUID, str], search: QuoteSearch
) -> TreeReference:
    entry = entries.get(claim.identity.entry_id)
    if entry is None:
        raise UnprovenReference(
            f"There is no entry {claim.identity.entry_id} below the node of this working copy.",
            code="entry_not_found",
            next_step="Take the id of an entry from the node's tree: GET /api/v1/nodes/{id}/tree.",
        )
    found = search.found.get(claim)
    if found is None:
        raise _explain_missing_quote(claim, entry, search)
    return TreeReference(
        entry_id=entry.pk,
        chunk_id=found.chunk.pk,
        quote=found.passage,
        locator=found.chunk.locator,
        machine_written=ChunkKind(found.chunk.kind).is_machine_written,
        entry_name=entry.name,
        entry_path=titles[entry.node_id] + entry.name,
        entry_fingerprint=entry.fingerprint,
    )


def _explain_missing_quote(claim: ReferenceClaim, entry: MaterialEntry, search: QuoteSearch) -> EditRefused:
    if not search.is_examined(claim, chunk_count=entry.chunk_count):
        where = f"the first {search.examined[entry.pk]} of the {entry.chunk_count} chunks of {entry.name}"
        if claim.chunk_id is not None:
            where = f"some of the chunks that are named, and not {claim.chunk_id} of {entry.name}"
        return LimitExceeded(
            "The quotes of the edit may stand in more text than is looked through for one. One was looked for in "
            f"{where}, without being found there; it may stand in the rest.",
            next_step="Name in `chunk` the chunk of each quote (GET /api/v1/nodes/{id}/search finds it), or send fewer "
            "references in one edit.",
        )
    if claim.chunk_id is not None and claim.chunk_id not in search.named:
        return UnprovenReference(
            f"{entry.name} has no chunk {claim.chunk_id} any more.",
            code="chunk_not_found",
            next_step="Leave `chunk` out, or read the entry's chunks again.",
        )
    if claim in search.elsewhere:
        return UnprovenReference(
            f"The quote stands in {entry.name}, but not at that place.",
            code="locator_mismatch",
            next_step="Correct `locator`, or leave it out: the place is found by the quote.",
        )
    return UnprovenReference(f"The quote does not stand in {entry.name}.")
