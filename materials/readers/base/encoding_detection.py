"""Guess the encoding of text that does not declare one.

The bytes are decoded in every encoding of `_PRIORS`, and the cheapest result wins. A character costs about the negative
logarithm of its frequency in ordinary text, so a sum of costs ranks decodings by likelihood. Pairs that a wrong
encoding produces (a capital inside a word, a sign between letters, two scripts in one word) cost extra.
"""

from __future__ import annotations

import codecs
import math
import re
import unicodedata
from functools import cache

# The sample is decoded once for each of the 17 encodings, so its size bounds the time of a guess. Single lines of the
# sample courses are enough to tell windows-1251 from KOI8-U; the rest is reserve for texts with few non-ASCII letters.
_SAMPLE_BYTES = 6_000
# A few hundred words in UTF-16. A round number; nothing depends on its exact value.
_WIDE_SAMPLE_BYTES = 4_000  # whole characters of four bytes
_WIDE_ENCODINGS = ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be")
# Escape sequences of ISO 2022 that switch character sets: ESC, intermediates ($ for sets of two bytes), a letter.
_CHARACTER_SET_SWITCH = re.compile(rb"\x1b(?:\$[@AB]|\$[()][A-Z]|\([BIJ]|\.[AF])")
# The Korean one announces itself at the beginning (RFC 1557); the codecs of the others would take it for theirs.
_KOREAN_ANNOUNCEMENT = b"\x1b$)C"
# In order of frequency: what mails and old web pages of Japan are written in, then its extensions.
_JAPANESE_ENCODINGS = ("iso2022_jp", "iso2022_jp_ext", "iso2022_jp_2", "iso2022_jp_2004")
# About a line of text around each non-ASCII byte, so that the sample holds whole words from many places of a long file.
_WINDOW = 160
# The bytes kept before a non-ASCII byte: the ASCII beginning of its word decides whether "Gr\xf6\xdfe" is Latin script.
_CONTEXT_BYTES = 12
# Text without any space or comma for longer than this is binary data that happens to decode as ideographs.
_MAX_WORD_LENGTH = 60
_ASCII_SPACE = "\t\n\x0b\x0c\r"
_PAUSES = frozenset(" \t\n\r。，、")
# Chinese and Japanese have no spaces: a window that finds no end of a word ends here.
_MAX_WINDOW = 2_000
# UTF-16 text of the sample courses is readable throughout; a character or two that Unicode does not know may be an
# accident.
_MIN_READABLE_SHARE = 0.97

# Log-odds against each encoding before the text is seen. They decide short texts: without them 5 of 300 single lines
# of the sample courses are read wrongly, at half of them none, at twice one of the lines in the tests.
_PRIORS = {
    "cp1251": 0.0, "cp1252": 0.0, "koi8_u": 1.5, "gb18030": 0.5, "shift_jis": 1.0, "big5": 1.5, "euc_kr": 1.5,
    "euc_jp": 1.5, "cp1250": 2.5, "cp1253": 6.0, "cp1254": 3.0, "cp1255": 6.0, "cp1256": 8.0, "cp866": 3.0,
    "iso8859_5": 4.0, "iso8859_2": 4.0, "mac_cyrillic": 5.0,
}  # fmt: skip

# Both alphabets stand in order of frequency: the index of a letter gives its cost. The Cyrillic order mixes Ukrainian
# and Russian, so that neither language pays for its own letters.
_CYRILLIC = "оаеинтсрвлкімдпуязьгбчйыхжїєшюцщэфґъё"
_GREEK = "αοιετσνηυρπκμλςωάίόέδήύώγχθφβξζψ"
# Cost of the accented letters of Latin alphabets, by how frequent they are in the languages that use them.
_ACCENTED_LETTERS = {
    3.8: "éąłäüößñóáíčěžšığ",
    4.1: "ę",
    4.3: "àèçãêôåøæżśćńřýúşõâîőű¿¡",
    5.0: "ùů",
    6.0: "ùûëïœźďťňòìĺľŕăţșțđïÿāēīėįųģķļņðþ",
}
_USUAL_SIGNS = "“”„«»’‘–—…№°§€©·•™×№\u00a0"
# The most frequent ideographs of Chinese (simplified, then traditional) and Japanese, and those of programming and
# science lessons. Any two random bytes make some ideograph in GB18030, so only frequent ones may be cheap.
_HAN = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去"
    "法学如都同现当没动面起看定天分还进好小部其些主样理心她本前开但因只从想实日军者意无力它与长把机十民第公此已工使情明性知全三又关"
    "点正业外将两高间由问很最重并物手应战向头文体政美相见被利什二等产或新己制身果加西斯月话合回特代内信表化老给世位次度门任常先海通"
    "教儿原东声提立及比员解水名真论处走义各入几口认条平系气题活尔更别打女变四神总何电数安少报才结反受目太量再感建务做接必场件计管期"
    "市直德资命山金指克许统区保至队形社便空决治展马科司五基眼书非则听白却界达光放强即像难且权思王象完设式色路记南品住告类求据程北边"
    "这個們來為國說時會對過發後裡種經現當動還進樣開從實無長機關點業將兩間問戰頭體見產門員論處義認條係氣題爾別變總電數報結務場計"
    "值值存储环函循容器变语言字串列表输入码译述参返调沸腾温热压据设础算组织模块章节课练习例示答案図変値関対応処続説語読書込後気"
)
_HANGUL = frozenset(
    "이다는의에을고하가를지은기로한도사어인자있시나수라대아리해일그서정보들스으전제만것과장원주안구거부상면게니었교조여적세소무부요했"
    "공와성습용선문모신없연생동중마당학때경저건위내러말오할발비식야산유바등방미관진물우값입력변함름출터데결"
)
_KANJI_MARKS = "、。「」・ー々（）：；，！？《》『』～【】"

# Without the costs of mixed scripts or of inner capitals, one line of the tests is read wrongly each; at half or at
# twice their values none is.
_SIGN_BETWEEN_LETTERS_COST = 4.0
_MIXED_SCRIPTS_COST = 4.0
_INNER_CAPITAL_COST = 5.0
# Above the cost of every real character: at half of it two lines of the tests are read wrongly, more changes nothing.
_UNREADABLE_COST = 14.0
# How much more each byte may cost in the declared encoding than in the best guess. A declaration is evidence, and a
# text may be unusual; but of 223 lines with right and wrong declarations 19 are read wrongly at twice this margin, 86
# at four times, none at it or below.
_REJECTION_MARGIN = 0.4
# A shorter sample counts as this many bytes, or one unusual letter would overrule the declaration.
_MIN_REJECTION_BYTES = 8


def guess_encoding(data: bytes, *, hint: str = "") -> str:
    """Return the Python name of the encoding in which a sample of the bytes is the most usual text.

    `hint`, an encoding's Python name or blank, wins unless the text is clearly less usual in it.
    """
    sample = extract_non_ascii_sample(data)
    costs = {name: prior + compute_text_cost(sample.decode(name, errors="replace")) for name, prior in _PRIORS.items()}
    best = min(costs, key=costs.__getitem__)
    if not hint:
        return best
    hinted = compute_text_cost(sample.decode(hint, errors="replace"))
    return hint if hinted <= costs[best] + _REJECTION_MARGIN * max(_MIN_REJECTION_BYTES, len(sample)) else best


def guess_wide_encoding(data: bytes) -> str:
    """Return the encoding of bytes that are text in UTF-16 or UTF-32, such as `utf-16-le`; blank for others.

    Meant for bytes with zeros and without a byte order mark: the high bytes of ASCII letters are zeros in both.
    """
    sample = data[:_WIDE_SAMPLE_BYTES]
    costs: dict[str, float] = {}
    for encoding in _WIDE_ENCODINGS:
        text = sample.decode(encoding, errors="replace")
        readable = sum(_classify_character(sign)[0] < _UNREADABLE_COST for sign in text)
        has_pauses = len(text) < _MAX_WORD_LENGTH or any(sign in _PAUSES for sign in text)
        if text and has_pauses and readable > _MIN_READABLE_SHARE * len(text):
            costs[encoding] = compute_text_cost(text)
    if not costs:
        return ""
    best = min(costs, key=costs.__getitem__)
    # Any two letters make an ideograph in UTF-16. Text in another encoding with a stray zero byte is cheaper in that.
    narrow = min(compute_text_cost(sample.decode(name, errors="replace")) for name in ("utf-8", guess_encoding(sample)))
    return best if costs[best] < narrow else ""


def detect_escaped_encoding(data: bytes) -> str:
    """Return the encoding of bytes that switch between character sets by escape sequences; blank for others.

    These are the encodings of ISO 2022 (Japanese and Korean), whose bytes are all ASCII.
    """
    if not _CHARACTER_SET_SWITCH.search(data) or not data.isascii():
        return ""
    for encoding in ("iso2022_kr",) if _KOREAN_ANNOUNCEMENT in data else _JAPANESE_ENCODINGS:
        try:
            # Incrementally: the bytes may be the beginning of a file, cut inside of a character.
            codecs.getincrementaldecoder(encoding)().decode(data)
        except UnicodeDecodeError:
            continue
        return encoding
    return ""


def extract_non_ascii_sample(data: bytes) -> bytes:
    """Return the words of some bytes that have non-ASCII letters, with their neighbours: a few kilobytes at most."""
    found: list[bytes] = []
    size = position = 0
    while size < _SAMPLE_BYTES and (start := _find_high_byte(data, position)) >= 0:
        begin = max(position, start - _CONTEXT_BYTES)
        end = _find_word_end(data, start + _WINDOW)
        found.append(data[begin:end])
        size += end - begin
        position = end
    return b"\n".join(found)


def compute_text_cost(text: str) -> float:
    """Return how unusual a text is: the sum of the costs of its characters and of unlikely neighbours."""
    total = 0.0
    script_before, letter_before, was_capital = "", False, False
    for position, sign in enumerate(text):
        price, script, is_letter, is_capital = _classify_character(sign)
        total += price
        if is_letter:
            if letter_before:
                # KOI8 has small letters where windows-1251 has capitals: a wrong choice swaps the case inside words.
                if script != script_before:
                    total += _MIXED_SCRIPTS_COST
                elif is_capital:
                    total += 1.0 if was_capital else _INNER_CAPITAL_COST
            elif is_capital:
                total += 2.0
        # Apostrophes and soft hyphens are the non-ASCII signs that words of ordinary text contain.
        elif letter_before and ord(sign) > 0x7F and sign not in "’ʼ\u00ad":
            after = text[position + 1 : position + 2]
            total += _SIGN_BETWEEN_LETTERS_COST if after.isalpha() or price > 6 else 0.0
        script_before, letter_before, was_capital = script, is_letter, is_capital
    return total


_HIGH_BYTE = re.compile(rb"[\x80-\xff]")


def _find_high_byte(data: bytes, position: int) -> int:
    found = _HIGH_BYTE.search(data, position)
    return found.start() if found else -1


def _find_word_end(data: bytes, at: int) -> int:
    """Return the first position from `at` on where the bytes can be cut without splitting a character."""
    # In the multibyte encodings of `_PRIORS` no trail byte is below 0x30: what is below is white space or punctuation.
    stop = min(len(data), at + _MAX_WINDOW)
    while at < stop and data[at] > 0x2F:
        at += 1
    return min(at, len(data))


@cache
def _classify_character(sign: str) -> tuple[float, str, bool, bool]:
    """Return a character's cost, its script, whether it is a letter of an alphabet, and whether it is a capital."""
    code = ord(sign)
    if code < 0x20 or code == 0x7F:
        return (3.0 if sign in _ASCII_SPACE else _UNREADABLE_COST), "latin", False, False
    if code < 0x80:
        return (3.0 if sign.isalnum() or sign in " .,-" else 4.0), "latin", sign.isalpha(), sign.isupper()
    if sign == "\ufffd" or unicodedata.category(sign) in {"Cc", "Co", "Cn"}:
        return _UNREADABLE_COST, "", False, False
    lower = sign.lower()
    # The curves approximate the frequencies of letters: e^-2.3 is one letter in ten, the share of о and of α; they end
    # at 7.2 for ъ and 5.1 for ψ.
    if lower in _CYRILLIC:
        return 2.3 + 2.9 * (_CYRILLIC.index(lower) / 24) ** 1.2, "cyrillic", True, sign != lower
    if lower in _GREEK:
        return 2.4 + 0.08 * _GREEK.index(lower), "greek", True, sign != lower
    if 0x5D0 <= code <= 0x5EA:
        return 3.3, "hebrew", True, False
    if 0x621 <= code <= 0x64A:
        return 3.4, "arabic", True, False
    if code >= 0x2E80:
        return _compute_east_asian_cost(sign, code), "wide", False, False
    for price, letters in _ACCENTED_LETTERS.items():
        if lower in letters:
            return price, "latin", sign.isalpha(), sign != lower
    if sign in _USUAL_SIGNS:
        return 5.0, "", False, False
    is_letter = sign.isalpha()
    latin = is_letter and unicodedata.name(sign, "").startswith("LATIN")
    return (8.0 if is_letter else 8.5), "latin" if latin else "other", is_letter, is_letter and sign != lower


def _compute_east_asian_cost(sign: str, code: int) -> float:
    if 0x3041 <= code <= 0x30FA:  # hiragana and katakana
        return 4.6
    if sign in _KANJI_MARKS:
        return 5.5
    # Halfwidth katakana: every byte from 0xA1 to 0xDF is one in Shift JIS, and in windows-1251 these are capitals. At
    # the cost of other katakana, 13 more of 300 lines in capitals are read wrongly.
    if 0xFF61 <= code <= 0xFF9F:
        return 7.5
    if 0xAC00 <= code <= 0xD7A3:
        return 5.8 if sign in _HANGUL else 9.0 if _get_lead_byte(sign, "euc_kr") <= 0xC8 else 11.5
    if sign in _HAN:
        return 6.3
    if 0x4E00 <= code <= 0x9FFF:
        # The national standards put the frequent characters first (level 1 of GB 2312, JIS X 0208 and Big5), which the
        # lead byte tells.
        usual = (
            _get_lead_byte(sign, "gb2312") <= 0xD7
            or _get_lead_byte(sign, "shift_jis") <= 0x97
            or _get_lead_byte(sign, "big5") <= 0xC6
        )
        return 9.0 if usual else 11.5
    return 12.0 if code > 0xFFFF or 0x3400 <= code < 0x4E00 else 9.5


def _get_lead_byte(sign: str, encoding: str) -> float:
    """Return the first byte of a character in an encoding; infinite when it has none there."""
    try:
        return sign.encode(encoding)[0]
    except UnicodeEncodeError:
        return math.inf
