"""Cutting a talk into chapters: from its words, cue phrases and silences, or by its chapter marks.

Begin with `chapters`, which has the one function that others call. `utterances` divides the transcript, `cues` and
`evidence` weigh what stands between two utterances, `segmentation` chooses the joins, `titles` names the parts.
"""

from structures.engines.outline.talks.chapters import TalkChapter, cut_talk

__all__ = ["TalkChapter", "cut_talk"]
