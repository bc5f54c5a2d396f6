"""Status of claims: the rule for weak ones, and the exceptions in weak.toml."""

from __future__ import annotations

from data.convert.read import Record, table

__all__ = ["Statuses"]

_WEAK = "Rests on low-reliability sources alone."


class Statuses:
    """Statuses of records. `listed`: record id → reason, for the exceptions."""

    def __init__(self) -> None:
        tables = table("weak")
        self.asserted: dict[str, str] = tables["asserted"]
        self.contradicted: dict[str, str] = tables["contradicted"]
        self.listed: dict[str, str] = {**self.asserted, **self.contradicted}

    def of(self, record: Record) -> str:
        """`accepted`, or `proposed` for a claim that is not asserted."""
        if record["id"] in self.contradicted:
            return "proposed"
        if record["confidence"].startswith(("single-low", "multi-low")):
            return "accepted" if record["id"] in self.asserted else "proposed"
        return "accepted"

    def why(self, record: Record) -> str:
        """Reason for the status; "" for an ordinary accepted claim."""
        reason = self.listed.get(str(record["id"]))
        if reason is not None:
            return reason
        return _WEAK if self.of(record) == "proposed" else ""
