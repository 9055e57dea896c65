"""placeholder"""

from structures.drafts import Draft

VERSION = "1"


def outline(source):
    return Draft(title=source.title, modules=())
