"""What other people's programs say of the document: `make test-api` runs these, with Node.js and npm packages."""

from __future__ import annotations

import compileall
import shutil
import subprocess
import sys
from pathlib import Path

from project.settings import BASE_DIR

DOCUMENT = BASE_DIR / "docs" / "api.yaml"
CONFIGURATION = Path(__file__).parent / "npm"
PACKAGES = BASE_DIR / "var" / "npm-api"


def test_redocly_finds_nothing() -> None:
    said = run_package("redocly", "lint", "--config", str(CONFIGURATION / "redocly.yaml"), "--format", "summary")

    assert "Your API description is valid" in said
    assert "You have" not in said, said  # warnings


def test_spectral_finds_nothing() -> None:
    options = ("-r", str(CONFIGURATION / "spectral.yaml"), "--fail-severity", "hint")

    assert "No results with a severity" in run_package("spectral", "lint", *options)


def test_a_typescript_client_compiles(tmp_path: Path) -> None:
    shutil.copy(CONFIGURATION / "whole_way.ts", tmp_path)
    (tmp_path / "node_modules").symlink_to(PACKAGES / "node_modules")
    # A member with a default may be left out of a request.
    options = ("--default-non-nullable", "false", "-o", str(tmp_path / "api.d.ts"))
    said = run_package("openapi-typescript", *options)
    assert "warn" not in said.lower()

    strict = ("--strict", "--noEmit", "--target", "es2022", "--module", "esnext", "--moduleResolution", "bundler")
    run("tsc", *strict, "--lib", "es2022,dom", str(tmp_path / "whole_way.ts"))


def test_a_python_client_is_generated_without_a_warning(tmp_path: Path) -> None:
    options = ("--config", str(CONFIGURATION / "python-client.yaml"), "--meta", "none")
    done = subprocess.run(
        [sys.executable, "-m", "openapi_python_client", "generate", "--path", str(DOCUMENT), *options,
         "--output-path", str(tmp_path / "cw")],
        capture_output=True, text=True, check=False,
    )  # fmt: skip

    assert done.returncode == 0, done.stderr
    assert "WARNING" not in done.stdout + done.stderr, done.stdout
    assert compileall.compile_dir(tmp_path / "cw", quiet=1)


def run_package(name: str, *arguments: str) -> str:
    """Run a program of an npm package on the document, which is its last argument. Returns what it says."""
    return run(name, *arguments, str(DOCUMENT))


def run(name: str, *arguments: str) -> str:
    """Run a program of an npm package. Returns what it says; fails with that when it fails."""
    program = PACKAGES / "node_modules" / ".bin" / name
    assert program.exists(), f"{name} is not installed in {PACKAGES}: run make test-api"
    done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr
