"""Build the document of a transcribed recording: chapters as headings, its title, and the tracks that are left out."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import PurePath

from llm.video.processor import TranscriptionOutcome, TranscriptSource
from llm.video.transcript import MediaInfo, Segment, Transcript
from materials.documents import ChunkKind, Contents, Document, LeftOut, LeftOutKind, Locator
from materials.readers.base.encodings import clean_text
from materials.readers.base.left_out import LeftOutCollector
from materials.readers.base.outlines import build_item
from materials.readers.base.pieces import collapse_whitespace
from materials.readers.text.transcripts import build_transcript_pieces

# Names that cameras and recorders give: letters and a running number or a date (`DSC_0123`, `VID_20240131_101500`). A
# short number without a sign before it may be the code of a course (`HIST2201`).
_DEVICE_NAME = re.compile(r"[A-Za-z]{2,6}(?:_\d{4,}|\d{8,})(?:[_-]\w+)*")
_FILE_NAME = re.compile(
    r".*\.(?:mp4|m4[avb]|mov|webm|mkv|avi|mp3|wav|ogg|opus|flac|aac|wmv|wma|mpe?g|3gp|mts|m2ts|aiff?|pptx?|key|odp|pdf|docx?|[a-z]{0,6}proj)",
    re.IGNORECASE,
)
# What programs write about themselves, and the names that they give to what nobody has named.
_PROGRAM_REMARK = re.compile(
    r"(?:encoded|converted|created|made|produced|generated|recorded|exported|processed|powered|muxed|ripped|edited)"
    r" (?:by|with|using)\b.*|lav[cf]\d.*|"
    r"(?:untitled|no title|unknown|default|new|title|video|audio|movie|recording|sequence|project|track)"
    r"(?: (?:video|audio|movie|recording|sequence|project|track))?[ _#-]*\d*",
    re.IGNORECASE,
)
# Captions whose last line begins later than this after the end belong to another recording. A choice: some captions end
# with a credit after the sound; those of another lecture are rarely within a minute.
MAX_CAPTION_OVERRUN_MS = 60_000
# The first chapters of a recording become headings when there are so many with titles: one says no more than a title.
_MIN_CHAPTERS = 2


def build_caption_transcript(captions: Document, *, duration_ms: int) -> Transcript | None:
    """Return the captions of a file of their own as the transcript of a recording of that length.

    None when they go on after the recording has ended: they are another recording's.
    """
    segments = tuple(
        Segment(
            start_ms=piece.locator.start_ms,
            end_ms=piece.locator.end_ms,
            text=piece.text,
            speaker=piece.speaker,
            word_starts_ms=piece.word_starts_ms,
        )
        for piece in captions.pieces
        if piece.kind is ChunkKind.TRANSCRIPT
        and piece.locator.start_ms is not None
        and piece.locator.end_ms is not None
    )
    if segments and segments[-1].start_ms > duration_ms + MAX_CAPTION_OVERRUN_MS:
        return None
    return Transcript(language="", duration_ms=duration_ms, segments=segments, warnings=captions.warnings)


def build_recording_document(
    outcome: TranscriptionOutcome, media: MediaInfo, *, name: str, warnings: Iterable[str] = ()
) -> Document:
    """Return the document of a transcribed recording of that file name; without pieces when nothing was said.

    Its warnings are those of the transcript, then those given, then one that names the sound track if there are more.
    """
    has_chapters = sum(bool(chapter.title) for chapter in media.chapters) >= _MIN_CHAPTERS
    segments = outcome.transcript.segments
    title = select_title(media, name=name)
    return Document(
        pieces=build_transcript_pieces(segments, chapters=media.chapters if has_chapters else ()) if segments else (),
        title=title,
        duration_ms=media.duration_ms,
        warnings=(*outcome.transcript.warnings, *warnings, *_say_which_sound(outcome, media)),
        left_out=_list_left_out(outcome, media, title=title),
        contents=_build_contents(media) if has_chapters else None,
    )


def _build_contents(media: MediaInfo) -> Contents:
    """Return the chapter marks with titles as a table of contents."""
    items = (
        build_item(clean_text(chapter.title), locator=Locator(start_ms=chapter.start_ms, end_ms=chapter.end_ms))
        for chapter in media.chapters
        if chapter.title
    )
    return Contents(dialect="chapter marks", items=tuple(items))


def select_title(media: MediaInfo, *, name: str) -> str:
    """Return the container's title; blank when it is a file name, one like `name`, or a program's remark."""
    title = clean_text(collapse_whitespace(media.title))
    is_name = _simplify(title) in {_simplify(name), _simplify(PurePath(name).stem)} or "\\" in title
    remarks = (_DEVICE_NAME, _FILE_NAME, _PROGRAM_REMARK)
    if is_name or not any(sign.isalpha() for sign in title) or any(each.fullmatch(title) for each in remarks):
        return ""
    # Many programs write their name and version into a field of its own, and some into the title, too.
    words = title.casefold().split()
    return "" if media.encoder.casefold().split()[: len(words)] == words else title


def _simplify(name: str) -> str:
    return "".join(sign for sign in name.casefold() if sign.isalnum())


def _say_which_sound(outcome: TranscriptionOutcome, media: MediaInfo) -> Sequence[str]:
    """Return a sentence that says which of several sound tracks was transcribed."""
    track = media.speech_track
    is_heard = outcome.source in {TranscriptSource.GEMINI, TranscriptSource.WHISPER}
    if not is_heard or len(media.audio) < 2 or track is None:
        return []
    which = "its default" if track.is_default else "the first"
    named = f" ({track.language or track.title})" if track.language or track.title else ""
    return [f"The recording has {len(media.audio)} sound tracks; {which}{named} was transcribed."]


def _list_left_out(outcome: TranscriptionOutcome, media: MediaInfo, *, title: str) -> tuple[LeftOut, ...]:
    """Return the tracks whose words are not in the transcript, and what else of the container is not read.

    Captions are a transcript of the track that would be transcribed; other sound tracks count then, too.
    """
    left_out = LeftOutCollector()
    if media.title and not title:
        left_out.add(LeftOutKind.METADATA, clean_text(media.title))
    for captions in media.subtitles:
        if captions.index != outcome.transcript.caption_track:
            left_out.add(LeftOutKind.TRACK, _describe_track("Captions", captions.language, captions.title))
    for sound in media.audio:
        if sound != media.speech_track:
            left_out.add(LeftOutKind.TRACK, _describe_track("Sound", sound.language, sound.title))
    for other in media.unreadable:
        kind = "Sound that cannot be decoded" if other.is_sound else "Captions as pictures or of an unknown kind"
        left_out.add(LeftOutKind.TRACK, _describe_track(kind, other.language, other.title))
    if media.excess_chapters:
        left_out.add(LeftOutKind.EXCESS, "Chapter marks", count=media.excess_chapters)
    return left_out.build()


def _describe_track(kind: str, language: str, title: str) -> str:
    return clean_text(f"{kind} ({language or 'unknown language'}){f': {title}' if title else ''}")
