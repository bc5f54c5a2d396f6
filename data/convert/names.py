"""Names of the entities of the fact base: IRI, label and other labels."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable

from data.convert.read import Record, table
from graph.iri import slugify

__all__ = ["Names", "area_name", "authority_key"]

_BRACKET = re.compile(r"\s*\([^)]*\)\s*$")
_REGION_PREFIX = "Create Growth Programme region: "
_AUTHORITY_SUFFIX = " (local authority)"
_MERGED = {
    "E47000001": "place:greater-manchester",
    "E47000003": "place:west-yorkshire",
    "E47000004": "place:liverpool-city-region",
    "E47000007": "place:west-midlands-ca",
    "E47000009": "place:west-of-england",
    "E47000010": "place:north-east-ca",
}


class Names:
    """Names by the id of the entity: `paths[id]` is the IRI below the base, `labels[id]` the label."""

    def __init__(self, entities: Iterable[Record], authorities: Iterable[Record]) -> None:
        self.settings = table("kinds")
        self.labels: dict[str, str] = {}
        self.paths: dict[str, str] = {}
        records = list(entities)
        taken = {record["label"].lower() for record in records if not record["id"].startswith("la:")}
        for record in records:
            self._name(record["id"], self._label(record, taken))
        for row in authorities:
            key = authority_key(row, self.labels)
            if key not in self.labels:
                self._name(key, self._authority_label(row, taken))
        self._check()

    def kind(self, key: str) -> Record:
        """Row of kinds.toml for the entity."""
        row: Record = self.settings["kinds"][key.split(":")[0]]
        return row

    def iri(self, key: str) -> str:
        """IRI of the entity as Turtle. Raises KeyError for an id that the fact base does not describe."""
        return f"<{self.paths[key]}>"

    def alt_labels(self, record: Record) -> list[str]:
        """Other names in the record. Those of kinds.toml have no source and become claims of their own."""
        given = list(record.get("altLabels") or ())
        if record["label"] != self.labels[record["id"]] and not record["id"].startswith("la:"):
            given.append(record["label"])
        return [name for name in dict.fromkeys(given) if name != self.labels[record["id"]] and not name.isdigit()]

    def more_labels(self, record: Record) -> list[str]:
        """Names in use that no source of the fact base has."""
        known = {self.labels[record["id"]], *self.alt_labels(record)}
        return [name for name in self.settings["alt_labels"].get(record["id"], ()) if name not in known]

    def _name(self, key: str, label: str) -> None:
        self.labels[key] = label
        self.paths[key] = f"{self.kind(key)['iri']}/{self._slug(key, label)}"

    def _slug(self, key: str, label: str) -> str:
        kind, _, local = key.partition(":")
        if key in self.settings["slugs"]:
            return str(self.settings["slugs"][key])
        if kind in self.settings["keep_id"]["kinds"]:
            return slugify(local)
        return slugify(_BRACKET.sub("", label.removeprefix(_REGION_PREFIX)))

    def _label(self, record: Record, taken: set[str]) -> str:
        key = record["id"]
        if key in self.settings["labels"]:
            return str(self.settings["labels"][key])
        label: str = record["label"]
        if key.startswith("sic:"):
            return f"{record['description']} (SIC {record['code']})"
        if key.startswith("la:"):
            bare = label.removesuffix(_AUTHORITY_SUFFIX)
            # The suffix distinguishes an authority from a town of the same name; elsewhere it is not needed.
            return bare + _AUTHORITY_SUFFIX if self._shared(bare, taken) else bare
        return label

    def _authority_label(self, row: Record, taken: set[str]) -> str:
        if row["type"] in ("Combined authority", "Strategic Regional Authority"):
            return area_name(row)
        name: str = row["name"]
        return name + _AUTHORITY_SUFFIX if self._shared(name, taken) else name

    def _shared(self, name: str, taken: set[str]) -> bool:
        bare = name.removeprefix("City of ")
        return {name.lower(), bare.lower()} & taken != set() or name in self.settings["authorities"]["suffixed"]

    def _check(self) -> None:
        keys: dict[str, str] = {}
        for key, path in self.paths.items():
            other = keys.setdefault(path, key)
            if other != key:
                raise ValueError(f"{key} and {other} would share the name {path}; set one under [slugs] in kinds.toml")


def authority_key(row: Record, known: Container[str]) -> str:
    """Id of a gazetteer row: the fact base's own where it has the same area, else `la:` + GSS code."""
    merged = _MERGED.get(row["gss"])
    return merged if merged is not None and merged in known else f"la:{row['gss']}"


def area_name(row: Record) -> str:
    """Label of a combined authority's area, from its official name: the gazetteer's short names are not uniform."""
    official: str = row["official_name"]
    if row["type"] == "Strategic Regional Authority":
        return f"{official} area"
    name = re.sub(r" (Mayoral )?Combined (County )?Authority$", "", official)
    return f"{name} (combined {'county ' if 'County' in official else ''}authority area)"
