"""Memory, against what makers and servers have published of well-known models."""

import pytest

from chatapp.backends.facts import UNKNOWN, Shape
from chatapp.catalog.fit import (
    BATCH_TOKENS,
    BITS,
    GIB,
    Need,
    Use,
    context_size,
    need,
    weights_size,
)
from chatapp.catalog.fit_form import FitForm
from chatapp.catalog.traits import Traits

LLAMA_8B = Shape(layers=32, kv_heads=8, key=128, value=128)
LLAMA_70B = Shape(layers=80, kv_heads=8, key=128, value=128)
LLAMA_405B = Shape(layers=126, kv_heads=8, key=128, value=128)
QWEN25_72B = Shape(layers=80, kv_heads=8, key=128, value=128)
DEEPSEEK_V3 = Shape(layers=61, kv_heads=1, key=0, value=0, latent=512 + 64)
GEMMA3_27B = Shape(layers=62, kv_heads=16, key=128, value=128, window=1024, full_every=6)
GPT_OSS_20B = Shape(layers=24, kv_heads=8, key=64, value=64, window=128, full_every=2)


@pytest.mark.parametrize(
    ("shape", "kilobytes"),
    # DeepSeek-AI, "Insights into DeepSeek-V3" (arXiv 2505.09343), table 1: bytes a token in BF16.
    [(DEEPSEEK_V3, 70.272), (QWEN25_72B, 327.680), (LLAMA_405B, 516.096)],
)
def test_a_token_keeps_what_deepseek_published(shape: Shape, kilobytes: float) -> None:
    assert context_size(shape, 1) == kilobytes * 1000


@pytest.mark.parametrize(
    ("shape", "tokens", "gib"),
    [
        # Hugging Face, "Llama 3.1" (huggingface.co/blog/llama31), inference memory requirements.
        (LLAMA_8B, 1_000, 0.125),
        (LLAMA_8B, 16_000, 1.95),
        (LLAMA_8B, 128_000, 15.62),
        (LLAMA_70B, 16_000, 4.88),
        (LLAMA_70B, 128_000, 39.06),
        # llama.cpp prints 1024 MiB for LLaMA 3 8B with 8,192 cells of F16.
        (LLAMA_8B, 8_192, 1.0),
        # llama.cpp with DeepSeek V3.2 (provide.ai/the-exact-kv-cache-usage-of-deepseek-v4/).
        (DEEPSEEK_V3, 160 * 1024, 10.72),
        (DEEPSEEK_V3, 1024 * 1024, 68.625),
    ],
)
def test_a_context_keeps_what_was_published(shape: Shape, tokens: int, gib: float) -> None:
    assert context_size(shape, tokens) / GIB == pytest.approx(gib, rel=0.025)


def test_layers_with_a_window_keep_no_more_than_it() -> None:
    """Gemma 3 27B has 52 such layers and 10 others (Gemma 3 technical report, 2025, table 1 and
    section 2); llama.cpp keeps the window and a batch for the former."""
    token = 16 * (128 + 128) * 2
    assert context_size(GEMMA3_27B, 1_000) == 62 * 1_000 * token
    kept = 10 * 131_072 + 52 * (1024 + BATCH_TOKENS)
    assert context_size(GEMMA3_27B, 131_072) == kept * token
    assert context_size(GPT_OSS_20B, 131_072) == (12 * 131_072 + 12 * 640) * 8 * 128 * 2


@pytest.mark.parametrize(
    ("parameters", "quantization", "size"),
    [
        # llama.cpp, tools/quantize/README.md: "Memory/Disk Requirements", and the table's GiB.
        (8_030_261_248, "Q4_K_M", 4.9e9),
        (70_553_706_496, "Q4_K_M", 43.1e9),
        (405_853_388_800, "Q4_K_M", 249.1e9),
        (8_030_261_248, "Q4_K_M", 4.58 * GIB),
        (8_030_261_248, "Q5_K_M", 5.33 * GIB),
        (8_030_261_248, "Q6_K", 6.14 * GIB),
        (8_030_261_248, "Q8_0", 7.95 * GIB),
        (8_030_261_248, "Q2_K", 2.95 * GIB),
        (8_030_261_248, "F16", 14.96 * GIB),
        # OpenAI, gpt-oss model card (2025), table 1.
        (116_829_156_672, "MXFP4", 60.8 * GIB),
        # model.safetensors.index.json, total_size: Qwen/Qwen3-8B, Llama-3.1-70B-Instruct.
        (8_190_735_360, "BF16", 16_381_470_720),
        (70_553_706_496, "BF16", 141_107_412_992),
    ],
)
def test_weights_take_what_was_published(parameters: int, quantization: str, size: float) -> None:
    assert weights_size(parameters, BITS[quantization]) == pytest.approx(size, rel=0.015)


def test_people_at_once_take_their_contexts_and_the_server_its_share() -> None:
    use = Use(context=8_192, people=4)
    found = need(weights_size(8_030_261_248, BITS["Q4_K_M"]), LLAMA_8B, use)
    assert found.one == GIB
    assert found.contexts == 4 * GIB
    assert found.total == pytest.approx((found.weights + 4 * GIB) / 0.9, rel=1e-9)
    assert found.fits(12 * 10**9)
    assert not found.fits(8 * 10**9)
    assert found.room_for(24 * 10**9) == 15
    assert found.room_for(4 * 10**9) == 0


def test_a_cache_of_fewer_bits_is_smaller() -> None:
    assert context_size(LLAMA_8B, 8_192, 8.0) * 2 == context_size(LLAMA_8B, 8_192)


def test_a_model_that_keeps_nothing_has_room_for_nobody_and_does_not_fail() -> None:
    assert Need(1, 0, 0).room_for(10**9) == 0


def test_the_form_asks_for_what_no_server_tells() -> None:
    use = Use(context=8_192, people=2)
    untold = FitForm(None, Traits(), UNKNOWN, use)
    assert untold.verdict is None
    sent = {
        "people": "2",
        "context": "8192",
        "memory": "24",
        "cache": "F16",
        "quantization": "Q4_K_M",
        "parameters": "8.03",
        "layers": "32",
        "kv_heads": "8",
        "key": "128",
        "value": "128",
    }
    verdict = FitForm(sent, Traits(), UNKNOWN, use).verdict
    assert verdict is not None
    assert verdict.title == "It fits into 24 GB, with room for 15 people at once."
    assert verdict.sum == (
        "It needs about 7.84 GB: 4.91 GB for its weights, 2.15 GB for what is kept of 2 people at"
        " once with 8,192 tokens each, and a tenth of the whole for its server."
    )
    for missing in ("layers", "parameters", "key", "kv_heads"):
        assert FitForm({**sent, missing: ""}, Traits(), UNKNOWN, use).verdict is None
    for wrong in ({"layers": "-1"}, {"quantization": "Q99"}, {"memory": "inf"}, {"people": "1e9"}):
        assert FitForm({**sent, **wrong}, Traits(), UNKNOWN, use).verdict is None
    assert FitForm({}, Traits(), UNKNOWN, use).verdict is None
