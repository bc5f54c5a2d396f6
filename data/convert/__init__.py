"""Converter of a fact base (JSON Lines) to the Turtle of the data folder: `python -m data.convert ../shared/facts`.

Decisions are in the TOML files beside the code, so that they can be read and changed without it:
`kinds` (types and names), `predicates` (spelling → property), `amounts`, `dates`, `events`, `weak` (which weak
claims are asserted, and why) and `disagreements`.
"""
