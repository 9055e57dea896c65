"""Find the names of speakers that captions write before what they say: `Maria Weber: So today`, `PROFESSOR: So`."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

from llm.video.transcript import Segment

# A name or a role, then a colon and a space; the full-width colon of Chinese and Japanese needs no space behind it.
_LABEL = re.compile(r"(?:>>\s*)?([^\W\d_][^:：<>]{0,48}?)(?::\s+|：\s*)(?=\S)")
# Names of people have up to four words, roles as well: "Prof. Dr. Maria Weber", "Unidentified speaker 2".
_MAX_WORDS = 5
# Meeting programs label every cue. Below this share colons are taken for the author's: "Remember: water boils."
_MIN_SHARE = 0.5
# How often a speaker is named on average: `Step one: heat. Step two: cool.` names each once.
_MIN_REPEATS = 1.5
# A label in capitals is the custom of transcripts that name a speaker only where another begins. One that is the only
# one, and does not stand at the beginning, is a warning or an abbreviation: "NOTE: …".
_MIN_CAPITAL_LABELS = 2


def extract_speaker_labels(cues: Sequence[Segment]) -> list[Segment]:
    """Return the cues with their speakers' labels in `speaker` and not in the text, where the captions have labels.

    A cue without a label continues what the speaker before it says. Cues that name a speaker already stay as they are.
    """
    labels = [None if cue.speaker else _find_label(cue.text) for cue in cues]
    found = [label[1] for label in labels if label is not None]
    counts = Counter(found)
    if len(found) < _MIN_SHARE * len(cues) or len(counts) * _MIN_REPEATS > len(found):
        accepted = {name for name in counts if name.isupper() and len(name) > 1}
        begins = bool(labels) and labels[0] is not None and labels[0][1] in accepted
        if sum(counts[name] for name in accepted) < _MIN_CAPITAL_LABELS or (len(accepted) == 1 and not begins):
            return list(cues)
    else:
        accepted = set(counts)
    result, speaker = [], ""
    for cue, label in zip(cues, labels, strict=True):
        if label is not None and label[1] in accepted:
            speaker = label[1]
            text = cue.text[label.end() :]
            starts = cue.word_starts_ms[len(cue.text.split()) - len(text.split()) :]
            result.append(replace(cue, speaker=speaker, text=text, word_starts_ms=starts))
        else:
            result.append(replace(cue, speaker=cue.speaker or speaker))
    return result


def _find_label(text: str) -> re.Match[str] | None:
    found = _LABEL.match(text)
    return found if found is not None and len(found[1].split()) <= _MAX_WORDS else None
