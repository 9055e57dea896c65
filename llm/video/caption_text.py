"""Parses the text of caption cues: voices, tags, and the times of words. Loads neither Django nor PyAV."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

# Only these are tags; what else stands in angle brackets is text, as in `List<String>` or `a <b and c> d`. WebVTT 4.2
# has c, i, b, u, ruby, rt, v and lang, players of SRT know b, i, u, s and font, and converters mix them.
_VOICE_TAG = re.compile(r"<v(?:\.[^<>\s]*)?[ \t]+([^<>]+)>")
_TIME_TAG = re.compile(r"<(?:(\d{1,4}):)?(\d{1,2}):(\d{2})[.,](\d{3})>")
_SRT_NAMES, _WEBVTT_NAMES = "[bius]", "[bius]|c|ruby|rt"
_ALWAYS_TAGS = r"</v>|<font\s[^<>]*>|</?font>|</?lang(?:\.[^<>\s]*)?(?:\s[^<>]*)?>"
# Overrides of SubStation Alpha, such as {\an8}, which converters leave in SRT.
_OVERRIDE = r"\{\\[^{}]*\}"
# With a semicolon, as WebVTT wants it: without one, `?a=1&copy=2` of a URL would lose a parameter.
_REFERENCE = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
# Scripts that are written without spaces between words: Chinese and Japanese with their punctuation.
_IDEOGRAPH = re.compile(r"[\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef\U00020000-\U0003ffff]")


@dataclass(frozen=True, kw_only=True)
class SpokenText:
    """What one voice says in a cue. `word_starts_ms` has the start of each word of `text`, or nothing."""

    speaker: str
    text: str
    word_starts_ms: tuple[int, ...] = ()


@dataclass
class _Voice:
    speaker: str = ""
    runs: list[tuple[str, int]] = field(default_factory=list)


def parse_cue_text(raw: str, *, start_ms: int, end_ms: int, is_webvtt: bool) -> list[SpokenText]:
    """Return what each voice says in a cue that is shown from `start_ms` to `end_ms`, without voices that say nothing.

    Words have times where the cue has time tags, and these are in order and within the cue.
    """
    voices, time, times = [_Voice()], start_ms, [start_ms]
    for text, tag in _split_tags(raw, is_webvtt=is_webvtt):
        voices[-1].runs.append((_REFERENCE.sub(_unescape, text), time))
        if voice := _VOICE_TAG.fullmatch(tag):
            voices.append(_Voice(speaker=" ".join(html.unescape(voice[1]).split())))
        elif tag == "</v>":
            voices.append(_Voice())
        elif stamp := _TIME_TAG.fullmatch(tag):
            hours, minutes, seconds, fraction = (int(part or 0) for part in stamp.groups())
            time = ((hours * 60 + minutes) * 60 + seconds) * 1000 + fraction
            times.append(time)
    has_times = len(times) > 1 and times == sorted(times) and times[-1] <= end_ms
    spoken = []
    for voice_part in voices:
        words = _join_runs(voice_part.runs)
        if words:
            starts = tuple(at for _, at in words) if has_times else ()
            text = " ".join(word for word, _ in words)
            spoken.append(SpokenText(speaker=voice_part.speaker, text=text, word_starts_ms=starts))
    return spoken


def is_written_together(before: str, after: str) -> bool:
    """Tell whether a line end between two texts is no space, as between Chinese or Japanese characters."""
    return bool(_IDEOGRAPH.match(before[-1:]) and _IDEOGRAPH.match(after[:1]))


def join_lines(texts: Sequence[str]) -> str:
    """Return the texts of lines or cues as one, with a space between them except where `is_written_together`."""
    joined: list[str] = []
    for text in texts:
        if joined and not is_written_together(joined[-1], text):
            joined.append(" ")
        joined.append(text)
    return "".join(joined)


def _split_tags(raw: str, *, is_webvtt: bool) -> Iterator[tuple[str, str]]:
    """Yield each stretch of text with the tag behind it, which is blank at the end."""
    text = ""
    at = 0
    for found in (_WEBVTT_TAG if is_webvtt else _SRT_TAG).finditer(raw):
        text += raw[at : found.start()]
        at = found.end()
        tag = found.group()
        # `Box<T>` and `Box<U>` are types: in capitals, only a pair of tags is markup.
        name = tag.strip("</> ").partition(".")[0]
        if name.isupper() and not (f"<{name}>" in raw and f"</{name}>" in raw):
            text += tag
            continue
        # Phonetic guides above characters stand in brackets behind them.
        if name == "rt":
            text += ")" if tag.startswith("</") else "("
            continue
        yield text, tag
        text = ""
    yield text + raw[at:], ""


def _build_tag_pattern(names: str) -> re.Pattern[str]:
    simple = rf"</?(?i:{names})(?:\.[^<>\s]*)?\s?/?>"
    return re.compile(rf"{_VOICE_TAG.pattern}|{_TIME_TAG.pattern}|{simple}|{_ALWAYS_TAGS}|{_OVERRIDE}")


_WEBVTT_TAG, _SRT_TAG = _build_tag_pattern(_WEBVTT_NAMES), _build_tag_pattern(_SRT_NAMES)


def _unescape(reference: re.Match[str]) -> str:
    return html.unescape(reference.group())


def _join_runs(runs: Sequence[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the words of some text with the time of the run in which each begins."""
    if len(runs) == 1 and "\n" not in runs[0][0]:  # nearly all cues of one line
        return [(word, runs[0][1]) for word in runs[0][0].split()]
    text = "".join(run for run, _ in runs)
    words: list[tuple[str, int]] = []
    at, run_end, end = -1, 0, 0
    for found in re.finditer(r"\S+", text):
        while run_end <= found.start():
            at += 1
            run_end += len(runs[at][0])
        is_line_end = "\n" in text[end : found.start()]
        end = found.end()
        if words and is_line_end and is_written_together(words[-1][0], found.group()):
            words[-1] = words[-1][0] + found.group(), words[-1][1]
        else:
            words.append((found.group(), runs[at][1]))
    return words
