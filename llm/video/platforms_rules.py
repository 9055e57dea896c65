"""Which videos of platforms are taken, and which of their captions: decided on what yt-dlp tells of them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

CAPTION_FORMATS = ("vtt", "srt")
UPLOAD = "Upload the recording or its captions, if you may."


@dataclass(frozen=True, kw_only=True)
class Refusal:
    """Why a video is not brought, as the parts of a DomainError. `is_failure`: it might work another time."""

    code: str
    message: str
    next_step: str = UPLOAD
    is_failure: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return what the child tells the parent."""
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
    """Return why a video that yt-dlp describes is not taken; None when it is.

    Unlisted videos are taken: who has the address may see them. What the description leaves open counts as fine.
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
    """Return what yt-dlp's own words about a failure mean; a general failure when they are not known."""
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
    plain = " ".join(message.split()).removeprefix("ERROR: ").partition("; please report this issue")[0]
    return re.sub(r"https?://\S+", "…", plain)[:200].rstrip(" .") or "no reason given"


def get_duration_ms(info: Mapping[str, Any]) -> int:
    """Return how long a video lasts; 0 when that is not known."""
    return round((info.get("duration") or 0) * 1000)


@dataclass(frozen=True, kw_only=True)
class CaptionTrack:
    """Captions that a video has: their language as the platform calls it, whether a machine made them, their source."""

    language: str
    is_automatic: bool
    source: Mapping[str, Any]


def choose_captions(info: Mapping[str, Any], wanted: str) -> CaptionTrack | None:
    """Return the captions to take: what people wrote in the wanted language, then in the video's, then a machine's.

    Translations by a machine are never taken. `wanted` is a BCP 47 tag and may be blank.
    """
    spoken = info.get("language") or ""
    written, automatic = info.get("subtitles") or {}, info.get("automatic_captions") or {}
    for language in _order_languages(written, [wanted, spoken]):
        if source := _find_readable_source(written[language]):
            return CaptionTrack(language=language, is_automatic=False, source=source)
    originals = [language for language in automatic if language.endswith("-orig")]
    for language in [*originals, *_order_languages(automatic, [spoken])]:
        if source := _find_readable_source(automatic[language]):
            return CaptionTrack(language=language.removesuffix("-orig"), is_automatic=True, source=source)
    return None


def _order_languages(captions: Mapping[str, Any], preferences: Sequence[str]) -> Iterator[str]:
    """Yield the languages that fulfil a wish, exact ones first; without any wish, the only language there is."""
    known = [wish for wish in preferences if wish]
    for wish in known:
        yield from (language for language in captions if language.lower() == wish.lower())
        yield from (language for language in captions if _get_primary_subtag(language) == _get_primary_subtag(wish))
    if not known and len(captions) == 1:
        yield from captions


def _get_primary_subtag(language: str) -> str:
    return language.lower().partition("-")[0]


def _find_readable_source(sources: Sequence[Mapping[str, Any]]) -> Mapping[str, Any] | None:
    for format_ in CAPTION_FORMATS:
        for source in sources:
            if source.get("ext") == format_:
                return source
    return None
