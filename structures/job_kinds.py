"""The kinds of job that this app owns."""

GENERATE_STRUCTURE = "generate_structure"
