"""Candidates, fusion, boosts, diversity: from a parsed query to ranked hits."""
