from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import pairwise
from pathlib import Path
from uuid import NAMESPACE_URL, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llm.video.transcript import Chapter, Segment
from materials.documents import ChunkKind, Contents, ContentsItem, Format, Locator
from materials.readers.text.caption_cues import parse_caption_file
from materials.readers.text.transcripts import build_transcript_pieces
from structures.engines.base.conversion import build_source_chunk
from structures.engines.base.sources import SourceChunk, SourceEntry
from structures.engines.outline.talks import TalkChapter, cut_talk
from structures.engines.outline.talks.cues import load_cue_lexicon

DATA = Path(__file__).parents[3] / "data" / "talks"
MINUTE = 60_000
# How each of the talks in a file of `DATA` begins, after the first.
BEGINNINGS = {
    "uk": ("Отже, перейдемо до дихання", "Тепер розглянемо наступну тему"),
    "de": ("Kommen wir nun zu einem ganz anderen", "Als nächstes schauen wir"),
    "es": ("Hola de nuevo", "Muy buenas, seguimos"),
    "fr": ("Passons maintenant à la Terreur",),
    "pl": ("Przejdźmy teraz do nawożenia",),
    "zh": ("接下来我们来看光的折射",),
}
OBJECT_LIFECYCLE = DATA / "14-Objects-C.srt"
INHERITANCE = DATA / "14-Objects-D.srt"


def read_captions(path: Path) -> list[Segment]:
    cues = parse_caption_file(path.read_text(encoding="utf-8")).cues
    return [
        Segment(start_ms=cue.start_ms, end_ms=cue.end_ms, text=cue.text)
        for cue in cues
        if cue.start_ms is not None and cue.end_ms is not None
    ]


def speak(sentences: Iterable[str], *, words_a_minute: int = 55, pause_ms: int = 400) -> list[Segment]:
    spoken, at = [], 0
    for sentence in sentences:
        # In Chinese two signs are a word on average.
        words = len(sentence.split()) if " " in sentence else len(sentence) / 2
        end = at + int(words * MINUTE / words_a_minute)
        spoken.append(Segment(start_ms=at, end_ms=end, text=sentence))
        at = end + pause_ms
    return spoken


def join(*talks: Sequence[Segment]) -> tuple[list[Segment], list[int]]:
    """Return the talks as one, and when each but the first begins."""
    joined: list[Segment] = []
    joins = []
    for talk in talks:
        at = joined[-1].end_ms if joined else 0
        joins.append(at)
        joined += [Segment(start_ms=s.start_ms + at, end_ms=s.end_ms + at, text=s.text) for s in talk]
    return joined, joins[1:]


def strip_signs(talk: Sequence[Segment]) -> list[Segment]:
    """Return the talk as a model without punctuation writes it."""
    bare = [
        Segment(start_ms=s.start_ms, end_ms=s.end_ms, text=" ".join(re.findall(r"[\w'’]+", s.text.lower())))
        for s in talk
        if "music" not in s.text
    ]
    return [segment for segment in bare if segment.text]


def build_entry(
    segments: Sequence[Segment], *, chapters: Sequence[Chapter] = (), contents: Contents | None = None
) -> SourceEntry:
    pieces = build_transcript_pieces(segments, chapters=chapters)
    chunks = tuple(build_source_chunk(uuid5(NAMESPACE_URL, str(at)), piece) for at, piece in enumerate(pieces))
    return SourceEntry(
        id=uuid5(NAMESPACE_URL, "talk"), name="talk.srt", title="", format=Format.SRT, chunks=chunks, contents=contents
    )


def get_starts(chapters: Sequence[TalkChapter]) -> list[int]:
    return [chapter.start_ms for chapter in chapters[1:]]


def check_whole(entry: SourceEntry, chapters: Sequence[TalkChapter]) -> None:
    assert tuple(chunk for chapter in chapters for chunk in chapter.chunks) == entry.chunks
    assert all(before.end_ms == after.start_ms for before, after in pairwise(chapters))
    texts = {chunk.id: chunk.text for chunk in entry.chunks}
    for chapter in chapters:
        assert chapter.start_ms < chapter.end_ms
        assert any(chunk.kind is ChunkKind.TRANSCRIPT for chunk in chapter.chunks)
        if chapter.citation is not None:
            assert chapter.citation.quote in texts[chapter.citation.chunk_id]
            assert chapter.title.lower() in chapter.citation.quote.lower()
    titles = [chapter.title for chapter in chapters if chapter.title]
    assert len(titles) == len(set(titles))


@pytest.mark.parametrize("is_bare", [False, True])
def test_it_finds_where_two_talks_were_joined(is_bare: bool) -> None:
    talks = [read_captions(OBJECT_LIFECYCLE), read_captions(INHERITANCE)]
    segments, joins = join(*(strip_signs(talk) if is_bare else talk for talk in talks))
    entry = build_entry(segments)

    chapters = cut_talk(entry)

    check_whole(entry, chapters)
    assert get_starts(chapters) == pytest.approx(joins, abs=10_000)


def test_it_names_chapters_by_what_is_new_in_them() -> None:
    chapters = cut_talk(build_entry(join(read_captions(OBJECT_LIFECYCLE), read_captions(INHERITANCE))[0]))

    assert [chapter.title for chapter in chapters] == ["Object Lifecycle", "Inheritance"]
    assert [chapter.label for chapter in chapters] == ["Object Lifecycle", "Inheritance"]
    assert chapters[1].citation is not None
    assert "the notion of inheritance" in chapters[1].citation.quote


@pytest.mark.parametrize("path", [OBJECT_LIFECYCLE, INHERITANCE])
def test_a_short_talk_about_one_thing_stays_whole(path: Path) -> None:
    entry = build_entry(read_captions(path))

    chapters = cut_talk(entry)

    check_whole(entry, chapters)
    assert len(chapters) == 1


@pytest.mark.parametrize("language", BEGINNINGS)
@pytest.mark.parametrize("is_bare", [False, True])
def test_it_cuts_talks_in_other_languages(language: str, is_bare: bool) -> None:
    spoken = speak((DATA / f"{language}.txt").read_text(encoding="utf-8").splitlines())
    joins = [s.start_ms for s in spoken if s.text.startswith(BEGINNINGS[language])]
    entry = build_entry(strip_signs(spoken) if is_bare else spoken)

    chapters = cut_talk(entry)

    check_whole(entry, chapters)
    assert get_starts(chapters) == pytest.approx(joins, abs=20_000)
    assert all(chapter.title for chapter in chapters)


def test_a_long_talk_has_no_chapter_of_more_than_twenty_minutes() -> None:
    spoken = speak(["We look at one more value of this long table of numbers."] * 600)

    chapters = cut_talk(build_entry(spoken))

    assert all(chapter.end_ms - chapter.start_ms <= 20.2 * MINUTE for chapter in chapters)


def test_a_title_has_the_form_in_which_a_sentence_begins_with_it() -> None:
    chapters = cut_talk(build_entry(speak((DATA / "pl.txt").read_text(encoding="utf-8").splitlines())))

    assert chapters[0].title == "Erozja gleby"  # "Dzisiaj zajmiemy się erozją gleby" announces it


def test_chapter_marks_decide_where_there_are_any() -> None:
    segments, _ = join(read_captions(OBJECT_LIFECYCLE), read_captions(INHERITANCE))
    end_ms = segments[-1].end_ms
    marks = [
        Chapter(start_ms=0, end_ms=2 * MINUTE, title="Opening"),
        Chapter(start_ms=2 * MINUTE, end_ms=end_ms, title="The rest"),
    ]
    contents = Contents(
        dialect="chapter marks",
        items=tuple(ContentsItem(title=m.title, locator=Locator(start_ms=m.start_ms, end_ms=m.end_ms)) for m in marks),
    )

    for entry in (build_entry(segments, chapters=marks, contents=contents), build_entry(segments, chapters=marks)):
        chapters = cut_talk(entry)

        check_whole(entry, chapters)
        assert [chapter.title for chapter in chapters] == ["Opening", "The rest"]
        assert get_starts(chapters) == pytest.approx([2 * MINUTE], abs=5_000)
        assert chapters[1].chunks[0].text == "The rest"
        assert chapters[1].citation is not None

    unheaded = cut_talk(build_entry(segments, contents=contents))
    assert [(chapter.title, chapter.citation) for chapter in unheaded] == [("Opening", None), ("The rest", None)]


def test_a_chapter_that_nothing_names_has_times_for_a_label() -> None:
    entry = build_entry(speak(["Yes, it is.", "No, it is not.", "Well, what is it then?"]))

    (chapter,) = cut_talk(entry)

    assert (chapter.title, chapter.citation) == ("", None)
    assert re.fullmatch(r"\[0:00-0:\d\d\]", chapter.label)


def test_what_has_no_timed_transcript_has_no_chapters() -> None:
    chunk = SourceChunk(id=uuid5(NAMESPACE_URL, "x"), kind=ChunkKind.PARAGRAPH, text="Words.", locator=Locator())
    untimed = SourceChunk(id=chunk.id, kind=ChunkKind.TRANSCRIPT, text="Words.", locator=Locator())
    for chunks in ((), (chunk,), (untimed,)):
        entry = SourceEntry(id=chunk.id, name="a.md", title="", format=Format.MARKDOWN, chunks=chunks)
        assert cut_talk(entry) == []


@given(
    st.lists(
        st.tuples(
            st.text(st.sampled_from("ab .?!\n(music)[♪]hello and welcome 大家好的课 Отже"), max_size=120),
            st.integers(0, 90_000),
            st.integers(0, 20_000),
        ),
        max_size=60,
    )
)
@settings(deadline=None, max_examples=60)
def test_the_chapters_of_any_transcript_cover_it(cues: list[tuple[str, int, int]]) -> None:
    segments, at = [], 0
    for text, duration_ms, pause_ms in cues:
        segments.append(Segment(start_ms=at, end_ms=at + duration_ms, text=text))
        at += duration_ms + pause_ms
    entry = build_entry(segments)

    chapters = cut_talk(entry)

    assert bool(chapters) == bool(entry.chunks)
    assert sorted(c.id for chapter in chapters for c in chapter.chunks) == sorted(c.id for c in entry.chunks)
    assert all(any(c.kind is ChunkKind.TRANSCRIPT for c in chapter.chunks) for chapter in chapters)


# Twice twelve minutes, which is too long for one chapter, with nothing that says where to cut but what is between them.
SAME = ["The same word and again the same word."] * 80


def test_pauses_speakers_and_pictures_count() -> None:
    first, second = speak(SAME), speak(SAME)
    plain, _ = join(first, second)
    paused, joins = join(
        [*first, Segment(start_ms=first[-1].end_ms + 30_000, end_ms=first[-1].end_ms + 30_001, text="")], second
    )
    asked = [
        *(Segment(start_ms=s.start_ms, end_ms=s.end_ms, text=s.text, speaker="Ann") for s in plain[: len(SAME)]),
        *(Segment(start_ms=s.start_ms, end_ms=s.end_ms, text=s.text, speaker="Ben") for s in plain[len(SAME) :]),
    ]
    turned = plain[len(SAME)].start_ms

    assert turned in get_starts(cut_talk(build_entry(asked)))
    assert any(abs(start - joins[0]) < 1_000 for start in get_starts(cut_talk(build_entry(paused))))
    assert any(abs(s - turned) <= 5_000 for s in get_starts(cut_talk(build_entry(plain), pictures_ms=[turned])))


OPENINGS = [
    ("en", "Okay, hello everyone and welcome to the second lecture."),
    ("uk", "Доброго дня, вітаю на другій лекції."),
    ("ru", "Здравствуйте, это вторая лекция."),
    ("es", "Buenos días, bienvenidos a la segunda clase."),
    ("de", "Guten Tag und herzlich willkommen zur zweiten Vorlesung."),
    ("fr", "Bonjour à tous et bienvenue dans ce cours."),
    ("pl", "Dzień dobry, witam na drugim wykładzie."),
    ("pt", "Olá, sejam bem-vindos à segunda aula."),
    ("it", "Buongiorno e benvenuti alla seconda lezione."),
    ("zh", "大家好，欢迎来到第二讲。"),
]
TRANSITIONS = [
    ("en", "So now we're going to talk about inheritance."),
    ("uk", "Отже, перейдемо до успадкування."),
    ("es", "Pasemos ahora a la herencia."),
    ("de", "Kommen wir jetzt zur Vererbung."),
    ("fr", "Passons maintenant à l'héritage."),
    ("pl", "Przejdźmy teraz do dziedziczenia."),
    ("pt", "Agora vamos falar de herança."),
    ("it", "Adesso passiamo all'ereditarietà."),
    ("zh", "接下来我们来看继承。"),
]
CLOSINGS = [
    ("en", "That's it for today, thanks for watching."),
    ("uk", "Дякую за увагу і до зустрічі."),
    ("ru", "Спасибо за внимание, до свидания."),
    ("es", "Muchas gracias por ver este vídeo, hasta la próxima."),
    ("de", "Vielen Dank fürs Zuschauen und bis zum nächsten Mal."),
    ("fr", "Merci de votre attention et à bientôt."),
    ("pl", "Dziękuję państwu za uwagę, do zobaczenia."),
    ("pt", "Obrigado por assistir e até a próxima."),
    ("it", "Grazie per l'attenzione, alla prossima."),
    ("zh", "今天就讲到这里，谢谢大家。"),
]
STATEMENTS = [
    ("en", "A class that inherits from another one has all its methods."),
    ("uk", "Клас, який успадковує інший, має всі його методи."),
    ("es", "Una clase que hereda de otra tiene todos sus métodos."),
    ("de", "Eine Klasse, die von einer anderen erbt, hat alle ihre Methoden."),
    ("fr", "Une classe qui hérite d'une autre possède toutes ses méthodes."),
    ("pl", "Klasa, która dziedziczy po innej, ma wszystkie jej metody."),
    ("pt", "Uma classe que herda de outra tem todos os seus métodos."),
    ("it", "Una classe che eredita da un'altra ha tutti i suoi metodi."),
    ("zh", "继承另一个类的类拥有它的全部方法。"),
]


@pytest.mark.parametrize(("language", "sentence"), OPENINGS + TRANSITIONS)
def test_it_hears_how_a_part_begins(language: str, sentence: str) -> None:
    assert load_cue_lexicon(language).weigh_opening(sentence) >= 2
    assert load_cue_lexicon("").weigh_opening(sentence) >= 2


@pytest.mark.parametrize(("language", "sentence"), CLOSINGS)
def test_it_hears_how_a_part_ends(language: str, sentence: str) -> None:
    assert load_cue_lexicon(language).weigh_closing(sentence) >= 3
    assert load_cue_lexicon("").weigh_closing(sentence) >= 3


@pytest.mark.parametrize(("language", "sentence"), STATEMENTS)
def test_it_hears_nothing_in_a_statement(language: str, sentence: str) -> None:
    for lexicon in (load_cue_lexicon(language), load_cue_lexicon("")):
        assert lexicon.weigh_opening(sentence) == 0
        assert lexicon.weigh_closing(sentence) == 0
