"""The `outline` engine: a course structure from the materials alone, without a model.

Every title, definition and task is copied from the materials. The steps:

1. *Arrange* (`arrangement`). Folders become modules and what is in them lessons; folders that are kinds of media and
   number the same chapters (slides, captions) are regrouped by chapter; a file without a folder is a module of its own,
   with its sections as lessons. Whatever lies deeper than a lesson's folder belongs to that lesson. Order is by number
   where all siblings have one, else as the owner ordered them. Titles come from a table of contents in the folder's
   index, from the document itself, or from the words of its name.
2. *Exercises* (`exercises`). Sections that the materials call exercise, quiz, homework and the like, in nine languages,
   with their whole task. The same exercise in several files of a module is one, with a reference to each.
3. *Concepts* (package `concepts`). Terms that a sentence, a glossary or a talk defines, in ten languages; each once in
   the course, in the lesson that explains it, with the defining sentence and the places where it comes up. A heading
   alone is none.

A lesson that only announces content (a title and a few lines) stays empty, and a warning says so. The same sources give
the same draft, and the time taken grows with their size.
"""
