"""What makes lessons a course design: goals, minutes, key points, questions, topics, difficulty, prerequisites.

What the materials state comes first, each with its passage: `purposes` and `goal_sentences` know the words by which
they state it, `statements` collects it from the text and `fields` from front matter, `stated_minutes` and `difficulty`
read numbers. What they do not state is computed where it can be (`computed_minutes`) or left blank.
`prerequisites` joins lessons by the terms that they define and use. `lesson_design` puts it together.
"""

from structures.engines.outline.design.lesson_design import CourseDesign, LessonDesign, design_lessons, design_module

__all__ = ["CourseDesign", "LessonDesign", "design_lessons", "design_module"]
