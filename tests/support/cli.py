"""The command line as a person runs it: real processes over a real home."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.support.paths import ROOT

COMMAND = [sys.executable, "-c", "from web.cli.main import main; main()"]


class Cli:
    """Runs `creative-atlas` commands in the directory `root`, over the atlas `root`/atlas."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root = root
        self.home = root / "atlas"
        self.environment = {
            **os.environ,
            "CREATIVE_ATLAS_CACHE": str(cache),
            "PYTHONPATH": str(ROOT),
        }

    def __call__(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command with `--home` after its name, and with `text` as its standard input."""
        with_home = [arguments[0], "--home", str(self.home), *arguments[1:]] if arguments else []
        return self.run(*with_home, text=text)

    def run(self, *arguments: str, text: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run a command with these arguments and no others."""
        return subprocess.run(
            [*COMMAND, *arguments],
            cwd=self.root,
            env=self.environment,
            input=text,
            capture_output=True,
            text=True,
            timeout=120,
        )


def assert_failure(process: subprocess.CompletedProcess[str], words: str, status: int = 1) -> None:
    """The process printed one clear sentence on stderr, no traceback, and ended with the right status."""
    assert process.returncode == status, process.stderr
    assert words in process.stderr
    assert "Traceback" not in process.stderr
    assert process.stdout == ""
