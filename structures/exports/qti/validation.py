"""Checks of a written bank of questions, by the rules of QTI 2.1 and 1.2: manifest, files, and each question.

Written from what the specifications say, as their schemas may not be kept with this program. What they allow and
nothing here writes is a fault here: a checked bank is one of this program.
"""

from __future__ import annotations

import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from structures.exports.base import ValidationReport
from structures.exports.package_checks import (
    MANIFEST,
    ManifestCheck,
    check_package,
    find_name_faults,
    get_name,
    parse_xml,
)
from structures.exports.qti.items21 import NAMESPACE as ITEM_NAMESPACE
from structures.exports.qti.packages import BANK, LOM_NAMESPACE, NAMESPACE, PROFILES, Profile
from structures.exports.qti.questions import Kind
from structures.exports.qti12 import QTI_NAMESPACE, find_choice_faults, find_text_faults

_ITEM_ORDER = (
    "responseDeclaration", "outcomeDeclaration", "itemBody", "responseProcessing", "modalFeedback",
)  # fmt: skip
# What the texts of items are made of, and the attributes of those.
_TEXT = {"div", "p", "ul", "ol", "li", "pre", "code", "table", "thead", "tbody", "tr", "th", "td"}
_INTERACTIONS = {"choiceInteraction", "textEntryInteraction", "extendedTextInteraction"}
_OTHERS = {"rubricBlock", "simpleChoice", "modalFeedback", "itemBody"}


def validate_qti(path: Path) -> ValidationReport:
    """Return what is wrong with a bank of questions, the first faults of it."""
    return check_package(path, _find_faults, validator="coursewright-qti", version="1")


def _find_faults(archive: zipfile.ZipFile) -> Iterator[str]:
    names = archive.namelist()
    yield from find_name_faults(names)
    if MANIFEST not in names:
        yield f"{MANIFEST}: it is missing"
        return
    root = parse_xml(archive.read(MANIFEST))
    if root is None or root.tag != f"{{{NAMESPACE}}}manifest":
        yield f"{MANIFEST}: it is no manifest of an IMS content package"
        return
    check = _BankCheck(root=root, namespace=NAMESPACE, own=frozenset({LOM_NAMESPACE}), names=frozenset(names))
    yield from check.find_faults()
    for resource in check.list_resources():
        path = resource.get("href")
        if path not in check.names:
            continue
        content = parse_xml(archive.read(path))
        if content is None:
            yield f"{path}: no XML"
            continue
        find = _find_bank_faults if path == BANK else _find_item_faults
        yield from (f"{path}: {fault}" for fault in find(content))


class _BankCheck(ManifestCheck):
    """The rules of the manifest of a bank of questions."""

    def find_faults(self) -> Iterator[str]:
        if faults := list(self.find_part_faults()):
            yield from faults
            return
        metadata, organizations, resources = self.root
        profile = self._find_profile(metadata)
        if profile is None:
            yield "metadata: it is of no version of QTI, or other than schema, schemaversion and lom in this order"
            return
        yield from self.find_identifier_faults()
        if len(organizations):
            yield "organizations: a bank of questions organizes nothing"
        if found := [name for name in self.list_names(resources) if name != "resource"]:
            yield f"resources: it holds {found[0]}"
        for resource in self.list_resources():
            name = resource.get("identifier")
            if resource.get("type") != profile.resource_type:
                yield f"resource {name}: its type is not `{profile.resource_type}`"
            if self.list_files(resource) != [resource.get("href")]:
                yield f"resource {name}: it has not one file, at which it begins"
        yield from self.find_file_faults()

    def _find_profile(self, metadata: Any) -> Profile | None:
        if self.list_names(metadata) != ["schema", "schemaversion", "lom"]:
            return None
        said = (metadata[0].text, metadata[1].text)
        return next((each for each in PROFILES.values() if (each.schema, each.schema_version) == said), None)


def _find_bank_faults(root: Any) -> Iterator[str]:
    names = {"q": QTI_NAMESPACE}
    if root.tag != f"{{{QTI_NAMESPACE}}}questestinterop":
        yield "it is no QTI 1.2"
        return
    if len(root) != 1 or not root.xpath("q:assessment[@ident and @title]/q:section[@ident]", namespaces=names):
        yield "there is not one assessment with a section of questions"
    items = list(root.iter(f"{{{QTI_NAMESPACE}}}item"))
    for name, number in Counter(item.get("ident") for item in items).items():
        if number > 1:
            yield f"question {name}: {number} of this name"
    for item in items:
        for fault in (*_find_question_faults(item), *find_text_faults(item)):
            yield f"question {item.get('ident')}: {fault}"


def _find_question_faults(item: Any) -> Iterator[str]:
    names = {"q": QTI_NAMESPACE}
    order = ["itemmetadata", "rubric", "presentation", "resprocessing", "itemfeedback"]
    found = [get_name(child) for child in item]
    wanted = [name for name in order if name in found]
    if found != wanted or not {"itemmetadata", "presentation", "resprocessing"} <= set(found):
        yield f"it holds {found} and not {', '.join(order)} in this order"
    (kind, *others) = item.xpath("q:itemmetadata//q:fieldentry/text()", namespaces=names) or [""]
    cardinality = item.xpath("q:presentation/q:response_lid/@rcardinality", namespaces=names)
    wanted_cardinality = {Kind.ONE_CHOICE: ["Single"], Kind.CHOICES: ["Multiple"]}.get(kind, [])
    if others or kind not in set(Kind) or cardinality != wanted_cardinality:
        yield "how it is answered is not what its type says"
    if cardinality:
        yield from find_choice_faults(item, fewest=2)
    elif len(item.xpath("q:presentation/q:response_str", namespaces=names)) != 1:
        yield "there is not one place for the answer"
    if kind == Kind.SHORT_ANSWER and not item.xpath(".//q:varequal[text()]", namespaces=names):
        yield "it has no answer that is right"


def _find_item_faults(root: Any) -> Iterator[str]:
    names = {"q": ITEM_NAMESPACE}
    if root.tag != f"{{{ITEM_NAMESPACE}}}assessmentItem":
        yield "it is no item of QTI 2.1"
        return
    if missing := [name for name in ("identifier", "title", "adaptive", "timeDependent") if name not in root.attrib]:
        yield f"it has no {missing[0]}"
    found = [get_name(child) for child in root]
    positions = [_ITEM_ORDER.index(name) if name in _ITEM_ORDER else -1 for name in found]
    if positions != sorted(positions) or -1 in positions or found.count("itemBody") != 1:
        yield f"it holds {found} and not {', '.join(_ITEM_ORDER)} in this order"
    if not root.xpath("q:outcomeDeclaration[@identifier='SCORE']", namespaces=names):
        yield "it declares no score"
    interactions = [element for element in root.iter() if get_name(element) in _INTERACTIONS]
    declared = root.xpath("q:responseDeclaration/@identifier", namespaces=names)
    if [each.get("responseIdentifier") for each in interactions] != declared or len(declared) != 1:
        yield "there is not one place for the answer, which is declared"
    choices = root.xpath(".//q:simpleChoice/@identifier", namespaces=names)
    right = root.xpath("q:responseDeclaration/q:correctResponse/q:value/text()", namespaces=names)
    if choices and (
        len(choices) < 2 or len(set(choices)) < len(choices) or not right or not set(right) <= set(choices)
    ):
        yield "what is right is none of its choices, or two have one name"
    outcomes = set(root.xpath("q:outcomeDeclaration/@identifier", namespaces=names))
    if not set(root.xpath(".//q:modalFeedback/@outcomeIdentifier", namespaces=names)) <= outcomes:
        yield "its feedback depends on what is not declared"
    if root.xpath(".//q:rubricBlock[not(@view='scorer')]", namespaces=names):
        yield "it has a rubric that is not for those who grade alone"
    yield from _find_text_faults(root, names)


def _find_text_faults(root: Any, names: dict[str, str]) -> Iterator[str]:
    """Yield elements and attributes in texts that nothing here writes, scripts among them."""
    for text in root.xpath("q:itemBody | q:modalFeedback", namespaces=names):
        for element in text.iter():
            name = get_name(element)
            if name not in _TEXT | _INTERACTIONS | _OTHERS:
                yield f"an element `{name}`"
            elif name in _TEXT and set(element.attrib) - {"class"}:
                yield f"an attribute of `{name}`: {sorted(element.attrib)}"
