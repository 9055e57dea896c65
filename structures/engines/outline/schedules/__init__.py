"""Tables of contents in words: documents that name the modules and lessons of a course without links to their files."""
