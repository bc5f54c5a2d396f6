"""The environment of child processes."""

from __future__ import annotations

import pytest

from graph.sandbox.environment import child_environment


def test_a_child_gets_no_tokens_and_rounds_numbers_as_we_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_ATLAS_TOKEN", "secret")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.delenv("CT2_FORCE_CPU_ISA", raising=False)
    environment = child_environment({"TMPDIR": "/scratch"})
    assert "secret" not in environment.values() and environment["OPENBLAS_CORETYPE"] == "Haswell"
    assert "CT2_FORCE_CPU_ISA" not in environment
    assert environment["TMPDIR"] == "/scratch"
    monkeypatch.setenv("CT2_FORCE_CPU_ISA", "AVX2")
    assert child_environment()["CT2_FORCE_CPU_ISA"] == "AVX2"
