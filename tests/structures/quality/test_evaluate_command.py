"""`manage.py evaluate`, as it is typed."""

from __future__ import annotations

import json
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from tests.structures.quality.courses import from_gold, gold

WATER = gold(Heat={"Boiling": ["heat/a.md"], "Freezing": ["heat/b.md"]})


def test_it_prints_a_table_and_writes_the_figures(tmp_path: Path) -> None:
    (tmp_path / "gold.json").write_text(json.dumps(WATER))
    (tmp_path / "structure.json").write_text(json.dumps(from_gold(WATER)))
    materials = tmp_path / "course" / "heat"
    materials.mkdir(parents=True)
    (materials / "a.md").write_text("Text.")
    (materials / "b.md").write_text("Text.")
    (materials / ".hidden").write_text("Text.")
    shown = StringIO()

    call_command(
        "evaluate", tmp_path / "gold.json", tmp_path / "structure.json", "--controls", stdout=shown,
        baselines=tmp_path / "course", json=tmp_path / "figures.json",
    )  # fmt: skip

    lines = shown.getvalue().splitlines()
    assert lines[0].split("  ") != lines[1].split("  ")
    assert "shuffled gold" in lines[0]
    assert "best rule (folder list)" in lines[0]
    (row,) = [line.split() for line in lines if line.startswith("hierarchical F1")]
    assert row[2:4] == ["1.0", "1.0"]
    assert json.loads((tmp_path / "figures.json").read_text())["structure"]["strict F1"] == 1.0


def test_it_says_which_file_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "gold.json").write_text(json.dumps(WATER))
    (tmp_path / "text.json").write_text("no JSON")
    (tmp_path / "list.json").write_text("[]")

    for structure, message in (("gone.json", "cannot be read"), ("text.json", "no JSON"), ("list.json", "shape")):
        with pytest.raises(CommandError, match=message):
            call_command("evaluate", tmp_path / "gold.json", tmp_path / structure)
