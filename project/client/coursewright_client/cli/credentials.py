"""Where the server is and with which key: from the environment, else from a file of the user alone."""

from __future__ import annotations

import json
import os
import stat
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from ..problems import ClientError

URL_VARIABLE, KEY_VARIABLE = "COURSEWRIGHT_URL", "COURSEWRIGHT_KEY"
_OF_OTHERS = stat.S_IRWXG | stat.S_IRWXO


class NotLoggedIn(ClientError):
    """There is no usable key; the message says what to do."""


@dataclass(frozen=True, kw_only=True)
class Credentials:
    """A base URL and a key."""

    url: str
    key: str = field(repr=False)


def find_folder(variable: str, default: str) -> Path:
    """Return the folder of this program below one of the XDG base directories."""
    given = os.environ.get(variable, "")
    return (Path(given) if given else Path.home() / default) / "coursewright"


def find_credentials_file() -> Path:
    """Return where `login` keeps the key."""
    return find_folder("XDG_CONFIG_HOME", ".config") / "credentials.json"


def read_credentials() -> Credentials:
    """Return what the environment says, and for what it does not say what `login` kept. Raises NotLoggedIn."""
    url, key = os.environ.get(URL_VARIABLE, ""), os.environ.get(KEY_VARIABLE, "")
    if url and key:
        return Credentials(url=url, key=key)
    if key or url:
        raise NotLoggedIn(
            f"{URL_VARIABLE} and {KEY_VARIABLE} go together: set both, or neither and run: coursewright login"
        )
    file = find_credentials_file()
    try:
        mode = file.stat().st_mode
        kept = json.loads(file.read_text(encoding="utf-8"))
        found = Credentials(url=kept["url"], key=kept["key"])
    except FileNotFoundError:
        raise NotLoggedIn(
            f"There is no key. Run: coursewright login (or set {URL_VARIABLE} and {KEY_VARIABLE})"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise NotLoggedIn(f"{file} cannot be read. Run: coursewright login") from None
    if os.name == "posix" and mode & _OF_OTHERS:
        raise NotLoggedIn(f"Others on this machine may read {file}. Run: chmod 600 '{file}', or log in with a new key.")
    return found


def write_credentials(credentials: Credentials) -> Path:
    """Keep credentials in a file that only this user may read, and return where."""
    file = find_credentials_file()
    file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    # mkstemp makes the file with mode 0600, and renaming keeps it: the key never stands in a file that others may read.
    handle, name = tempfile.mkstemp(dir=file.parent)
    with os.fdopen(handle, "w", encoding="utf-8") as out:
        json.dump({"url": credentials.url, "key": credentials.key}, out)
    Path(name).replace(file)
    return file


def forget_credentials() -> bool:
    """Delete what `login` kept, and tell whether there was something."""
    file = find_credentials_file()
    was_there = file.exists()
    file.unlink(missing_ok=True)
    return was_there
