"""The `outline` engine: a course structure from the materials alone, without a model.

Every definition and task is copied from the materials and cited; titles come from tables of contents, from the texts,
or from names. The steps:

1. *Arrange* (`arrangement`). A `catalog` gives each file a parsed name, a role and its links. Several `readings` of
   the course are made (tables of contents, front matter, folders and names, texts) and weighed (`choice`): what
   authors state comes first, where it places at least half of what teaches. The chosen one is a tree of any depth;
   `levels` decides which of its nodes are lessons, `materials` gives slides, talks, tasks and solutions to their
   lessons, and `plan_building` makes plans with titles of it. A file that is all of its module is cut at its headings,
   or a recording at its chapters, where these show lessons.
2. *Exercises* (package `exercises`). Files, boxes, sections and questions that the materials call tasks, with their
   solutions, once each over the files of a module.
3. *Concepts* (package `concepts`). Terms that a sentence, a glossary or a talk defines; each once in the course, in
   the lesson that explains it, with the defining sentence and the places where it comes up. A heading alone is none.
4. *Design* (package `design`). What the materials state of a lesson: goals, minutes, key points, questions,
   prerequisites, difficulty. Minutes are computed where none are stated. Terms that one lesson defines and a later one
   uses join the two.

Package `talks` cuts recordings and captions into chapters, for the first step and the last. A lesson that only
announces content (a title and a few lines) stays empty, and a warning says so. The same sources give the same draft,
and the time taken grows with their size.
"""
