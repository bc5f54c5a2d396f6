"""Small RDF files that cost gigabytes, minutes or the process of a reader without limits: name → (text, message)."""

from __future__ import annotations

from typing import Final

__all__ = ["HOSTILE"]

_RDF: Final = '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns:e="http://e/">'
_ENTITIES: Final = '<!ENTITY x0 "ha">' + "".join(
    f'<!ENTITY x{level} "{f"&x{level - 1};" * 10}">' for level in range(1, 9)
)
_TERMS: Final = 20_000

HOSTILE: Final = {
    "laughs.rdf": (
        f"<!DOCTYPE rdf:RDF [{_ENTITIES}]>{_RDF}<e:A><e:p>&x8;</e:p></e:A></rdf:RDF>",
        "declares an entity",
    ),
    "deep.rdf": (_RDF + "<e:A><e:p>" * 50_000 + "</e:p></e:A>" * 50_000 + "</rdf:RDF>", "nested more than 2,000"),
    "deep.jsonld": ('{"http://e/p":' * 50_000 + '"x"' + "}" * 50_000, "nested more than 200"),
    "lists.jsonld": ('{"http://e/p":' + '{"@list":[' * 50_000 + "1" + "]}" * 50_000 + "}", "nested more than 200"),
    "terms.ttl": ("<a:s> <a:p> " + "<<( <a:s> <a:p> " * _TERMS + "1" + " )>>" * _TERMS + " .", "nested more than 100"),
    "hidden.ttl": (
        # The comments close what stays open, for a reader that looks at them.
        "<a:s> <a:p> " + "<<( <a:s> <a:p> #)>>\n" * 200_000 + "1" + " )>>" * 200_000 + " .",
        "too deeply nested",
    ),
    "prefix.ttl": (f"@prefix p: <http://e/{'x' * 500_000}> .\n" + "p:a p:b p:c .\n" * 30_000, "expands to more than"),
    "long.nt": (f'<a:s> <a:p> "{"x" * (1 << 21)}" .', "1,048,576 are allowed"),
}
