"""The error codes of problems and jobs, from the YAML files beside this module."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from project.config_files import read_config_file
from project.errors import build_problem_type

FOLDER = Path(__file__).parent
# Any id that is no object's.
_REQUEST_ID = "019ade10-5b7c-7f44-8d7e-6f1f6f2f3a52"


class ErrorCode(BaseModel):
    """One code. `status` lists the HTTP answers that carry it; without one only jobs and entries do."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    status: tuple[HTTPStatus, ...] = ()
    cause: str = Field(min_length=1)
    next_step: str = Field(min_length=1)
    example: str = Field(min_length=1)


class ErrorArea(BaseModel):
    """One file of the catalogue."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    title: str
    codes: Mapping[str, ErrorCode]


@cache
def get_areas() -> tuple[ErrorArea, ...]:
    """Return the files of the catalogue by their titles. Raises InvalidConfigFile."""
    areas = [read_config_file(path, ErrorArea)[0] for path in FOLDER.glob("*.yaml")]
    return tuple(sorted(areas, key=lambda area: area.title))


@cache
def get_catalogue() -> Mapping[str, ErrorCode]:
    """Return all codes. Raises InvalidConfigFile, or ValueError when two files have one code."""
    found = [(code, entry) for area in get_areas() for code, entry in area.codes.items()]
    codes = dict(found)
    if len(codes) != len(found):
        raise ValueError("A code stands in two files of project/error_codes.")
    return codes


def build_example(code: str) -> dict[str, object]:
    """Return an answer with the code: a problem document, or the `error` of a job when no request is answered so."""
    entry = get_catalogue()[code]
    if not entry.status:
        return {"code": code, "message": entry.example, "next_step": entry.next_step}
    status = entry.status[0]
    return {
        "type": build_problem_type(code),
        "title": status.phrase,
        "status": status.value,
        "detail": entry.example,
        "instance": "/api/v1/me",
        "code": code,
        "request_id": _REQUEST_ID,
        "next_step": entry.next_step,
    }
