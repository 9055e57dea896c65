"""The files that the components of an OLX unit stand for: one page of its texts, its problems, its transcripts."""

from __future__ import annotations

import html
import json
import posixpath
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lxml import etree

from materials.readers.packages.package import DESCRIPTION, PackageDamaged, PackageFile, PackageFiles, SkipReason
from materials.readers.packages.package import get_local_name as get_name
from materials.readers.packages.pages import build_page

_TOOLS = {"lti", "lti_consumer", "lti_advantage"}
_TOOL = SkipReason(
    code="external_tool", reason="It is a tool of another site (LTI), which has no content in the package."
)
_DISCUSSION = SkipReason(code="discussion", reason="It is a place for discussion, without content of its own.")
_TRANSCRIBED = SkipReason(
    code="film_with_transcript", reason="The film is not in the package; its transcript is taken."
)
_TRANSLATED = SkipReason(
    code="film_with_transcript", reason="The transcript of the same film in another language is taken."
)
_NO_FILM = SkipReason(
    code="film_missing", reason="Neither the film nor its address nor a transcript is in the package."
)


@dataclass(kw_only=True)
class ComponentFiles:
    """The files of a unit in order, and what is no material; `reason` says why there are no files."""

    files: tuple[PackageFile, ...] = ()
    skip_reasons: dict[str, SkipReason] = field(default_factory=dict)
    reason: SkipReason | None = None


@dataclass(frozen=True, kw_only=True)
class _Text:
    paths: tuple[str, ...]
    title: str
    markup: str


def build_components(
    files: PackageFiles, components: Sequence[Any], *, title: str, titles: Sequence[str], language: str
) -> ComponentFiles:
    """Return the files of a unit with a title. All its texts are one page, as learners see them.

    `titles` are those of the components, `language` is that of the course, in which transcripts are looked for first.
    """
    found = ComponentFiles()
    texts: list[_Text] = []
    others: list[PackageFile] = []
    for element, own_title in zip(components, titles, strict=True):
        name = get_name(element)
        path = files.find(f"{name}/{element.get('url_name', '').replace(':', '/')}.xml")
        if name == "html":
            texts.append(_read_text(files, element, path, own_title))
        elif name == "problem":
            others.append(_build_problem(element, path, own_title))
        elif name == "video":
            film = _build_film(files, element, path, found, title=own_title, language=language)
            others.extend([film] if film is not None else [])
        else:
            reason = _DISCUSSION if name == "discussion" else _TOOL if name in _TOOLS else _describe_unknown(name)
            found.reason = found.reason or reason
            if path:
                found.skip_reasons[path] = reason
    texts = [text for text in texts if text.markup.strip()]
    page = [_build_text_page(texts, title)] if texts else []
    found.files = (*page, *others)
    return found


def _describe_unknown(name: str) -> SkipReason:
    return SkipReason(
        code="component_unsupported", reason=f"It is a component of the type `{name[:50]}`, which is not read."
    )


def _read_text(files: PackageFiles, element: Any, path: str, title: str) -> _Text:
    """Return the markup of a text, which stands in a file of its own or in the element."""
    name = element.get("filename", "") or element.get("url_name", "")
    own = files.find(f"html/{name.replace(':', '/')}.html") if name else ""
    if own:
        try:
            markup = files.read(own).decode("utf-8", errors="replace")
        except PackageDamaged:
            markup = ""
        return _Text(paths=(own, *([path] if path else [])), title=title, markup=markup)
    inside = html.escape(element.text or "", quote=False)
    inside += "".join(etree.tostring(child, encoding="unicode", method="html") for child in element)
    return _Text(paths=(path,) if path else (), title=title, markup=inside)


def _build_text_page(texts: Sequence[_Text], title: str) -> PackageFile:
    # Titles that an editor fills in by itself, or that repeat the unit's, are no headings of its page.
    generic = {"", "text", "html", "raw html", title.casefold()}
    body = "\n".join(
        (f"<h2>{html.escape(text.title)}</h2>\n" if text.title.casefold() not in generic else "") + text.markup
        for text in texts
    )
    paths = [path for text in texts for path in text.paths]
    heading = title or next((text.title for text in texts if text.title), "")
    return PackageFile(
        path=paths[0] if paths else "", data=build_page(heading, body), suffix=".html", also=tuple(paths[1:])
    )


def _build_problem(element: Any, path: str, title: str) -> PackageFile:
    if path:
        return PackageFile(path=path, title=title, is_quiz=True)
    data = etree.tostring(element, encoding="utf-8", xml_declaration=True, with_tail=False)
    return PackageFile(path="", title=title, data=bytes(data), suffix=".xml", is_quiz=True)


def _build_film(
    files: PackageFiles, element: Any, path: str, found: ComponentFiles, *, title: str, language: str
) -> PackageFile | None:
    """Return the transcript of a film, else the film in the package, else a link to it. Says what is left out."""
    transcripts = _list_transcripts(files, element, title, language)
    if transcripts:
        found.skip_reasons.update({each.path: _TRANSLATED for each in transcripts[1:]})
        if path:
            found.skip_reasons[path] = _TRANSCRIBED
        return transcripts[0]
    sources = [element.get("source", ""), *(each.get("src", "") for each in element if get_name(each) == "source")]
    inside = (files.resolve(each.replace("/static/", "static/", 1)) for each in sources)
    if own := next(filter(None, inside), ""):
        if path:
            found.skip_reasons[path] = DESCRIPTION
        return PackageFile(path=own, title=title)
    address = next((each for each in sources if each.startswith(("http://", "https://"))), "")
    if youtube := _find_youtube_id(element):
        address = address or f"https://www.youtube.com/watch?v={youtube}"
    if address:
        return PackageFile(path=path, title=title, address=address)
    found.reason = found.reason or _NO_FILM
    if path:
        found.skip_reasons[path] = _NO_FILM
    return None


def _find_youtube_id(element: Any) -> str:
    if found := element.get("youtube_id_1_0", ""):
        return str(found)
    # Of older exports: `0.75:aaa,1.00:bbb`.
    speeds = dict(part.partition(":")[::2] for part in element.get("youtube", "").split(","))
    return str(speeds.get("1.00") or speeds.get("1.0") or "")


def _list_transcripts(files: PackageFiles, element: Any, title: str, language: str) -> list[PackageFile]:
    """Return the transcripts of a film, that in a language first."""
    # The transcript in `sub` is in English, whatever the language of the course (Open edX's own rule).
    sub = element.get("sub", "")
    names = [("en", f"subs_{sub}.srt.sjson"), ("en", f"{sub}.srt")] if sub else []
    names += [(each.get("language", ""), each.get("src", "")) for each in element if get_name(each) == "transcript"]
    listed = _parse_mapping(element.get("transcripts", ""))
    names += [(key, name) for key, name in listed.items() if isinstance(name, str)]
    names.sort(key=lambda pair: pair[0] != (language or "en"))
    paths = (next((own for top in ("static", "") if (own := files.resolve(name, top))), "") for _, name in names)
    found = (_build_transcript(files, path, title) for path in dict.fromkeys(filter(None, paths)))
    return [transcript for transcript in found if transcript is not None]


def _build_transcript(files: PackageFiles, path: str, title: str) -> PackageFile | None:
    if path.endswith(".sjson"):
        try:
            return PackageFile(path=path, title=title, data=convert_sjson(files.read(path)), suffix=".srt")
        except (PackageDamaged, ValueError):
            return None
    return PackageFile(path=path, title=title) if posixpath.splitext(path)[1].lower() in {".srt", ".vtt"} else None


def _parse_mapping(text: str) -> Mapping[str, Any]:
    try:
        found = json.loads(text or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def convert_sjson(data: bytes) -> bytes:
    """Return a transcript of Open edX (`start` and `end` in milliseconds, `text`) as SRT. Raises ValueError."""
    try:
        fields = json.loads(data)
        cues = list(zip(fields["start"], fields["end"], fields["text"], strict=True))
        lines = [
            f"{number}\n{_format_time(start)} --> {_format_time(end)}\n{html.unescape(str(text))}\n"
            for number, (start, end, text) in enumerate(cues, start=1)
            if str(text).strip()
        ]
    except (KeyError, TypeError, RecursionError, OverflowError):
        raise ValueError("no transcript") from None
    return "\n".join(lines).encode()


def _format_time(milliseconds: float) -> str:
    seconds, rest = divmod(int(milliseconds), 1000)
    minutes, seconds = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours:02}:{minutes:02}:{seconds:02},{rest:03}"
