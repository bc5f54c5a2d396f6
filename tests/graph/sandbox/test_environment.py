from __future__ import annotations

import pytest

from graph.sandbox.environment import bare_environment


def test_a_child_is_given_no_tokens_and_works_numbers_out_as_we_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CREATIVE_ATLAS_TOKEN", "secret")
    monkeypatch.setenv("OPENBLAS_CORETYPE", "Haswell")
    monkeypatch.delenv("CT2_FORCE_CPU_ISA", raising=False)
    given = bare_environment()
    assert "secret" not in given.values() and given["OPENBLAS_CORETYPE"] == "Haswell"
    assert "CT2_FORCE_CPU_ISA" not in given
    monkeypatch.setenv("CT2_FORCE_CPU_ISA", "AVX2")
    assert bare_environment()["CT2_FORCE_CPU_ISA"] == "AVX2"
