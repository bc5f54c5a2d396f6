"""Both encoders keep the protocol."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from graph.errors import EncoderUnavailable
from search.encoders.ctranslate2 import has_wide_registers
from search.encoders.ctranslate2_export import WEIGHTS_SHA256, packaged_model
from search.encoders.open_encoder import DEFAULT_MODEL, open_encoder
from search.encoders.protocol import Encoder

TEXTS = [
    "access to finance for creative firms",
    "Small studios struggle to raise money from banks.",
    "The cat slept on the warm stones.",
    "£25 million for R&D 🎮",
    "word " * 2000,
    "",
    "\ud800 lone",
]


@pytest.fixture(scope="session", params=["ctranslate2", "torch"])
def any_encoder(request: pytest.FixtureRequest) -> Encoder:
    if request.param == "ctranslate2":
        fast: Encoder = request.getfixturevalue("encoder")
        return fast
    return open_encoder(str(packaged_model()), Path())


def test_unit_rows_in_the_order_given(any_encoder: Encoder) -> None:
    rows = any_encoder.encode(TEXTS)
    assert rows.dtype == np.float32 and rows.shape == (len(TEXTS), any_encoder.dimension)
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-3)
    alone = np.concatenate([any_encoder.encode([text]) for text in TEXTS])
    np.testing.assert_allclose((rows * alone).sum(axis=1), 1, atol=1e-5)


def test_more_threads_give_the_same_vectors(cache: Path, encoder: Encoder) -> None:
    np.testing.assert_array_equal(open_encoder(DEFAULT_MODEL, cache, threads=3).encode(TEXTS), encoder.encode(TEXTS))


def test_near_in_meaning_is_near(any_encoder: Encoder) -> None:
    finance, money, cat = any_encoder.encode(TEXTS[:3])
    assert finance @ money > 0.3 > finance @ cat


def test_no_texts_give_no_rows(any_encoder: Encoder) -> None:
    assert any_encoder.encode([]).shape == (0, any_encoder.dimension)


def test_the_id_names_the_weights(any_encoder: Encoder) -> None:
    assert any_encoder.id and any_encoder.dimension == 384 and len(any_encoder.sha256) == 64
    assert WEIGHTS_SHA256[:12] in any_encoder.id or "torch" in any_encoder.id


def test_text_beyond_128_tokens_is_read_and_beyond_256_is_not(encoder: Encoder) -> None:
    start = "finance " * 180
    long, longer = start + "cats " * 60, start + "cats " * 900
    base, more, cut = encoder.encode([start, long, longer])
    assert base @ more < 0.995
    assert more @ cut > 0.98


def test_eight_bits_stay_close_to_the_full_model(encoder: Encoder) -> None:
    full = open_encoder(str(packaged_model()), Path())
    texts = [f"{text} and {other}" for text in TEXTS[:4] for other in TEXTS[:4]]
    cosines = (encoder.encode(texts) * full.encode(texts)).sum(axis=1)
    assert cosines.mean() > 0.975 and cosines.min() > 0.95


def test_a_model_that_is_not_here_is_not_fetched(tmp_path: Path) -> None:
    with pytest.raises(EncoderUnavailable) as error:
        open_encoder("nobody/no-such-model", tmp_path)
    assert "not on this machine" in str(error.value) and error.value.remedy


def test_the_fast_run_time_never_imports_torch(cache: Path, encoder: Encoder) -> None:
    program = (
        "import sys; from pathlib import Path; from search.encoders.open_encoder import open_encoder, DEFAULT_MODEL\n"
        "import search.searcher, search.index.index\n"
        "assert not {'ctranslate2', 'tokenizers', 'faiss', 'tantivy'} & set(sys.modules), 'imported too early'\n"
        f"open_encoder(DEFAULT_MODEL, Path({str(cache)!r})).encode(['access to finance'])\n"
        "print(*{'torch', 'transformers', 'sentence_transformers', 'faiss'} & set(sys.modules))"
    )
    process = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert (process.returncode, process.stdout.strip()) == (0, ""), process.stderr


def test_wide_registers_are_used_only_where_all_of_their_parts_are_there() -> None:
    cpu_info = "processor\t: 0\nflags\t\t: fpu avx2 avx512f avx512cd avx512dq avx512bw avx512vl avx512_vnni\n"
    assert has_wide_registers(cpu_info)
    for part in ("avx512f ", "avx512vl "):
        assert not has_wide_registers(cpu_info.replace(part, ""))
    assert not has_wide_registers("processor\t: 0\nFeatures\t: fp asimd\n") and not has_wide_registers("")
