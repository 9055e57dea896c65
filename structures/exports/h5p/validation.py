"""Checks of written H5P packages by our own rules: their JSON, the libraries that they name, their HTML and times."""

from __future__ import annotations

import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from itertools import islice, pairwise
from pathlib import Path
from typing import Any

from structures.exports.base import ValidationReport
from structures.exports.h5p.libraries import QUESTION_SET, VERSIONS, VIDEO
from structures.exports.h5p.packages import CONTENT, MANIFEST, MAX_TITLE_BYTES
from structures.exports.json_checks import read_schema
from structures.exports.package_checks import check_package, find_name_faults

_VALIDATOR, _RULES_VERSION = "coursewright-h5p", "1"
_SCHEMA = "h5p-1.json"
_DEFINITIONS = {QUESTION_SET: "question-set", VIDEO: "video"}
_MAX_FAULTS = 20
# What is checked of one package at most: the content of a thousand exercises has about one.
_MAX_CONTENT_BYTES = 2**26
_TAG = re.compile(r"<[^<>]*>?")
_TAGS = frozenset({"<p>", "</p>", "<br>"})


def validate_question_set(path: Path) -> ValidationReport:
    """Return what is wrong with a package with a set of questions, the first faults of it."""
    notes: list[str] = []
    find = partial(_find_package_faults, main=QUESTION_SET, notes=notes)
    report = check_package(path, find, validator=_VALIDATOR, version=_RULES_VERSION)
    return replace(report, messages=(*report.messages, *notes))


def validate_videos(path: Path) -> ValidationReport:
    """Return what is wrong with an archive of packages with interactive videos, the first faults of it."""
    notes: list[str] = []
    find = partial(_find_archive_faults, notes=notes)
    report = check_package(path, find, validator=_VALIDATOR, version=_RULES_VERSION)
    return replace(report, messages=(*report.messages, *notes))


def _find_archive_faults(archive: zipfile.ZipFile, notes: list[str]) -> Iterator[str]:
    names = archive.namelist()
    yield from find_name_faults(names)
    if not names:
        notes.append("No node cites a recording by time: there are no videos.")
    for name in names:
        try:
            with archive.open(name) as file, zipfile.ZipFile(file) as package:
                faults = list(islice(_find_package_faults(package, main=VIDEO, notes=[]), _MAX_FAULTS))
        except zipfile.BadZipFile as exc:
            faults = [f"no ZIP archive: {exc}"]
        yield from (f"{name}: {fault}" for fault in faults)


def _find_package_faults(package: zipfile.ZipFile, main: str, notes: list[str]) -> Iterator[str]:
    from jsonschema import Draft202012Validator  # noqa: PLC0415  # for the jobs that write packages, no web process

    names = package.namelist()
    yield from find_name_faults(names)
    documents = {}
    for name, definition in ((MANIFEST, "manifest"), (CONTENT, _DEFINITIONS[main])):
        try:
            documents[name] = _read_json(package, name)
        except (KeyError, ValueError, RecursionError) as exc:
            yield f"{name}: {str(exc)[:200]}"
            return
        schema = {"$defs": read_schema(_SCHEMA)["$defs"], "$ref": f"#/$defs/{definition}"}
        checked = Draft202012Validator(schema).iter_errors(documents[name])
        faults = [f"{name}: {fault.json_path}: {fault.message[:200]}" for fault in islice(checked, _MAX_FAULTS)]
        yield from faults
        if faults:
            return
    manifest, content = documents[MANIFEST], documents[CONTENT]
    yield from _find_manifest_faults(manifest, main)
    yield from _find_content_faults(manifest, content)
    if main == VIDEO:
        yield from _find_video_faults(content["interactiveVideo"], set(names))
    elif not content["questions"]:
        notes.append("There is no exercise: the set has no questions, and platforms show none.")


def _read_json(package: zipfile.ZipFile, name: str) -> Any:
    size = package.getinfo(name).file_size
    if size > _MAX_CONTENT_BYTES:
        raise ValueError(f"it has {size} bytes, of which no more than {_MAX_CONTENT_BYTES} are checked")
    return json.loads(package.read(name))


def _find_manifest_faults(manifest: Mapping[str, Any], main: str) -> Iterator[str]:
    if manifest["mainLibrary"] != main:
        yield f"{MANIFEST}: the main library is {manifest['mainLibrary'][:100]} and not {main}"
    if len(manifest["title"].encode()) > MAX_TITLE_BYTES:
        yield f"{MANIFEST}: its title has more than {MAX_TITLE_BYTES} bytes"
    known = [set(versions.items()) for versions in VERSIONS.values()]
    named = [
        (each["machineName"], (each["majorVersion"], each["minorVersion"]))
        for each in manifest["preloadedDependencies"]
    ]
    if not any(set(named) <= versions for versions in known):
        yield f"{MANIFEST}: its libraries are none that were released together"
    if Counter(name for name, _ in named)[main] != 1:
        yield f"{MANIFEST}: it does not name the version of its main library"


def _find_content_faults(manifest: Mapping[str, Any], content: Any) -> Iterator[str]:
    """Yield libraries that are used and not named or named and not used, identifiers twice there, and other HTML."""
    used, identifiers = {manifest["mainLibrary"]}, Counter[str]()
    pending = [content]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            pending += value
        elif isinstance(value, dict):
            # Addresses are no HTML.
            pending += [each for name, each in value.items() if name != "path"]
            if "subContentId" in value:
                used.add(value["library"].partition(" ")[0])
                identifiers[value["subContentId"]] += 1
        elif isinstance(value, str):
            for tag in set(_TAG.findall(value)) - _TAGS:
                yield f"{CONTENT}: the tag {tag[:50]!r}, which H5P drops or a browser runs"
    named = {each["machineName"] for each in manifest["preloadedDependencies"]}
    yield from (f"{MANIFEST}: {name} is used and not named" for name in sorted(used - named))
    yield from (f"{MANIFEST}: {name} is named and not used" for name in sorted(named - used))
    yield from (f"{CONTENT}: {number} pieces with the id {each}" for each, number in identifiers.items() if number > 1)


def _find_video_faults(video: Mapping[str, Any], names: set[str]) -> Iterator[str]:
    times = [bookmark["time"] for bookmark in video["assets"]["bookmarks"]]
    if any(after <= before for before, after in pairwise(times)):
        yield f"{CONTENT}: a bookmark does not come after the one before it"
    for interaction in video["assets"]["interactions"]:
        if interaction["duration"]["to"] <= interaction["duration"]["from"]:
            yield f"{CONTENT}: a question ends when it begins, or before"
    tracks = {f"content/{track['track']['path']}" for track in video["video"]["textTracks"]["videoTrack"]}
    yield from (f"{name}: there is no such file" for name in sorted(tracks - names))
    yield from (f"{name}: nothing names this file" for name in sorted(names - tracks - {MANIFEST, CONTENT}))
    if any(not file["path"].startswith(("http://", "https://")) for file in video["video"]["files"]):
        yield f"{CONTENT}: the video has no address on the web"
