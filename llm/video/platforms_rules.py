"""Decides which videos of platforms are accepted and which captions are used, by yt-dlp's description of a video.

Pure functions without yt-dlp, so that they can be tested, and used by the parent, without the `media` extra.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from project.errors import shorten_message

CAPTION_FORMATS = ("vtt", "srt")
UPLOAD = "Upload the recording or its captions, if you may."


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a video is not downloaded, as the parts of a DomainError. `is_failure`: another attempt may succeed."""

    code: str
    message: str
    next_step: str = UPLOAD
    is_failure: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the fields as the child sends them to the parent."""
        return asdict(self)


PLAYLIST = Refusal(
    code="playlist",
    message="The address leads to a playlist, a channel or another page, not to one video.",
    next_step="Give the address of each video for itself.",
)
_LIVE = Refusal(
    code="live",
    message="The video is being broadcast, or was just now and is not ready.",
    next_step="Wait until the broadcast is over and the video can be played from its beginning.",
)
_NOT_YET = Refusal(
    code="not_yet", message="The video is announced, but not out.", next_step="Try again when it can be played."
)
_PRIVATE = Refusal(code="private", message="The video is private.")
_MEMBERS_ONLY = Refusal(code="members_only", message="The video is for members or subscribers only.")
_AGE_RESTRICTED = Refusal(code="age_restricted", message="The platform shows the video only to adults who sign in.")
_LOGIN_REQUIRED = Refusal(code="login_required", message="The platform shows the video only to those who sign in.")
_GEO_BLOCKED = Refusal(code="geo_blocked", message="The platform does not show the video in this server's country.")
_PROTECTED = Refusal(code="protected", message="The video is protected against copying.")
_REMOVED = Refusal(
    code="removed",
    message="There is no such video, or it was removed.",
    next_step="Check the address in a browser where you are not signed in.",
)
_BLOCKED = Refusal(
    code="platform_blocks",
    message="The platform does not serve this server now: it takes it for a robot.",
    next_step=f"Try again later. {UPLOAD}",
    is_failure=True,
)
TOO_LARGE = Refusal(code="too_large", message="The video is larger than is taken here.")
_INSIDE = Refusal(code="address_forbidden", message="The platform led to an address that is not public.")

_STATUS = {"is_live": _LIVE, "post_live": _LIVE, "is_upcoming": _NOT_YET}
_AVAILABILITY = {
    "private": _PRIVATE,
    "premium_only": _MEMBERS_ONLY,
    "subscriber_only": _MEMBERS_ONLY,
    "needs_auth": _LOGIN_REQUIRED,
}
# yt-dlp has no codes for failures, only sentences of its extractors. The first match counts, so that the order matters:
# "private" and "sign in" appear in messages about other causes, and "unavailable" in almost all of them.
_MESSAGE_PATTERNS = [
    (re.compile(pattern, re.IGNORECASE), refusal)
    for pattern, refusal in (
        (r"not a public address", _INSIDE),
        (r"file too large", TOO_LARGE),
        (r"no suitable extractor|unsupported url", PLAYLIST),
        (r"not a bot|captcha|rate.limit|too many requests|error 429", _BLOCKED),
        (r"confirm your age|age.restrict|inappropriate for some users", _AGE_RESTRICTED),
        (r"members.only|channel's members|join this channel|premium|requires payment", _MEMBERS_ONLY),
        (r"private", _PRIVATE),
        (r"premieres? |will begin|upcoming", _NOT_YET),
        (r"live event has ended|not currently live", _LIVE),
        (r"geo.restrict|(your|this) (country|location|region)", _GEO_BLOCKED),
        (r"\bdrm\b", _PROTECTED),
        (r"sign in|log.?in|registered users|password|error 40[13]", _LOGIN_REQUIRED),
        (r"removed|unavailable|no longer|deleted|terminated|does ?n.t exist|not found|error 4(04|10)", _REMOVED),
    )
]


def find_refusal(info: Mapping[str, Any], *, max_ms: int, max_bytes: int) -> Refusal | None:
    """Return why a video that yt-dlp describes is refused; None when it is accepted.

    Unlisted videos are accepted: who has the URL may see them. What the description leaves open is no reason to refuse.
    """
    if info.get("_type", "video") != "video":
        return PLAYLIST
    if refusal := _STATUS.get(info.get("live_status") or ""):
        return refusal
    if (info.get("age_limit") or 0) >= 18:
        return _AGE_RESTRICTED
    if refusal := _AVAILABILITY.get(info.get("availability") or ""):
        return refusal
    if info.get("_has_drm"):
        return _PROTECTED
    if get_duration_ms(info) > max_ms:
        return Refusal(
            code="too_long",
            message=f"The video lasts {get_duration_ms(info) // 60_000} min, more than {max_ms // 60_000}.",
            next_step="Upload the part that is needed, or ask the operator to raise MEDIA_MAX_MINUTES.",
        )
    return TOO_LARGE if (info.get("filesize") or 0) > max_bytes else None


def classify_failure(message: str) -> Refusal:
    """Return the refusal for yt-dlp's message about a failure; a general failure for an unknown message."""
    for pattern, refusal in _MESSAGE_PATTERNS:
        if pattern.search(message):
            return refusal
    return Refusal(
        code="platform_failed",
        message=f"The platform did not deliver the video ({_shorten_message(message)}).",
        next_step=f"Try again later; a newer yt-dlp often helps. {UPLOAD}",
        is_failure=True,
    )


def _shorten_message(message: str) -> str:
    # The request to report an issue to yt-dlp and signed URLs of the platform are not for users.
    plain = " ".join(message.split()).removeprefix("ERROR: ").partition("; please report this issue")[0]
    return shorten_message(re.sub(r"https?://\S+", "…", plain).rstrip(" ."), limit=200) or "no reason given"


def get_duration_ms(info: Mapping[str, Any]) -> int:
    """Return the duration of a video in milliseconds; 0 when it is unknown."""
    return round((info.get("duration") or 0) * 1000)


@dataclass(frozen=True, kw_only=True)
class CaptionTrack:
    """A caption track: its language as the platform names it, whether it is machine-made, and yt-dlp's source."""

    language: str
    is_automatic: bool
    source: Mapping[str, Any]


def choose_captions(info: Mapping[str, Any], wanted: str) -> CaptionTrack | None:
    """Return the best caption track: written by people in the wanted language, then in the video's, then machine-made.

    Machine translations are never used. `wanted` is a BCP 47 tag and may be blank.
    """
    spoken = info.get("language") or ""
    written, automatic = info.get("subtitles") or {}, info.get("automatic_captions") or {}
    for language in _order_languages(written, [wanted, spoken]):
        if source := _find_readable_source(written[language]):
            return CaptionTrack(language=language, is_automatic=False, source=source)
    # YouTube lists a translation into every language under `automatic_captions`; its recognised speech is the one with
    # the suffix.
    originals = [language for language in automatic if language.endswith("-orig")]
    for language in [*originals, *_order_languages(automatic, [spoken])]:
        if source := _find_readable_source(automatic[language]):
            return CaptionTrack(language=language.removesuffix("-orig"), is_automatic=True, source=source)
    return None


def _order_languages(captions: Mapping[str, Any], preferences: Sequence[str]) -> Iterator[str]:
    """Yield the languages that match a preference, exact matches first; without preferences, the only language."""
    known = [preferred for preferred in preferences if preferred]
    for preferred in known:
        yield from (language for language in captions if language.lower() == preferred.lower())
        yield from (
            language for language in captions if _get_primary_subtag(language) == _get_primary_subtag(preferred)
        )
    if not known and len(captions) == 1:
        yield from captions


def _get_primary_subtag(language: str) -> str:
    return language.lower().partition("-")[0]


def _find_readable_source(sources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    # By the order of the formats, not of the platform: WebVTT can name speakers.
    for format_ in CAPTION_FORMATS:
        for source in sources:
            if source.get("ext") == format_:
                return source
    return None
