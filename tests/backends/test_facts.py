"""What each server tells of its models."""

import json
from typing import Any

import orjson
import pytest

from chatapp.backends.facts import (
    LEVELS,
    SWITCH,
    UNKNOWN,
    Effort,
    Facts,
    Shape,
    from_json,
    of_llamacpp,
    of_ollama,
    of_sglang,
)
from tests.backends.recordings import recorded

QWEN = {
    "license": "Apache License\nVersion 2.0, January 2004",
    "parameters": 'num_ctx                        16384\nstop            "<|im_end|>"',
    "capabilities": ["completion", "tools", "thinking"],
    "details": {"family": "qwen3", "parameter_size": "8.2B", "quantization_level": "Q4_K_M"},
    "model_info": {
        "general.architecture": "qwen3",
        "general.parameter_count": 8190735360,
        "qwen3.block_count": 36,
        "qwen3.context_length": 40960,
        "qwen3.embedding_length": 4096,
        "qwen3.attention.head_count": 32,
        "qwen3.attention.head_count_kv": 8,
        "qwen3.attention.key_length": 128,
        "qwen3.attention.value_length": 128,
    },
}


def changed(**info: Any) -> dict[str, Any]:
    """Of another architecture; the names in ``info`` are without it."""
    family = info.pop("family")
    return {
        "model_info": {
            "general.architecture": family,
            **{f"{family}.{name.replace('__', '.')}": value for name, value in info.items()},
        }
    }


def test_ollama_tells_what_a_model_is_and_can() -> None:
    assert of_ollama(QWEN, 5_225_388_164) == Facts(
        family="qwen3",
        parameters=8_190_735_360,
        quantization="Q4_K_M",
        bytes=5_225_388_164,
        context_tokens=40_960,
        usual_context=16_384,
        sees=False,
        efforts=SWITCH,
        licence="Apache License\nVersion 2.0, January 2004",
        shape=Shape(layers=36, kv_heads=8, key=128, value=128),
    )


@pytest.mark.parametrize(
    ("family", "capabilities", "told", "efforts", "effort"),
    [
        ("qwen3", ["thinking"], {"values": [False, True], "default": True}, SWITCH, "on"),
        (
            "gptoss",
            ["thinking"],
            {"values": ["low", "medium", "high"], "default": "medium"},
            LEVELS,
            "medium",
        ),
        ("gptoss", ["thinking"], None, LEVELS, ""),
        ("deepseek2", ["thinking"], {"values": [True] * 100_000}, (Effort.ON,), ""),
        ("llama", ["completion"], {"values": [False]}, (), ""),
        ("llama", ["completion"], None, (), ""),
        ("llama", None, None, None, ""),
        (
            "new",
            ["thinking"],
            {"values": ["extreme", None, 3, "high"], "default": []},
            (Effort.HIGH,),
            "",
        ),
    ],
)
def test_ollama_tells_how_much_a_model_can_be_asked_to_reason(
    family: str, capabilities: Any, told: Any, efforts: Any, effort: str
) -> None:
    shown = {"model_info": {"general.architecture": family}, "capabilities": capabilities}
    facts = of_ollama({**shown, "thinking": told}, None)
    assert (facts.efforts, facts.effort) == (efforts, effort)


def test_layers_with_a_window_and_latent_attention_are_told_apart() -> None:
    gemma = changed(
        family="gemma3",
        block_count=62,
        embedding_length=5376,
        attention__head_count=32,
        attention__head_count_kv=16,
        attention__key_length=128,
        attention__value_length=128,
        attention__sliding_window=1024,
    )
    assert of_ollama(gemma, None).shape == Shape(62, 16, 128, 128, 0, 1024, 6)
    deepseek = changed(
        family="deepseek2",
        block_count=61,
        attention__head_count_kv=1,
        attention__kv_lora_rank=512,
        rope__dimension_count=64,
    )
    assert of_ollama(deepseek, None).shape == Shape(61, 1, 0, 0, 576)


@pytest.mark.parametrize(
    "told",
    [
        changed(family="llama", block_count=32),
        changed(
            family="gemma4", block_count=60, attention__head_count_kv=8, attention__sliding_window=1
        ),
        changed(family="llama", block_count=-1, attention__head_count_kv=[8, 4]),
        changed(family="llama", block_count=True, attention__head_count_kv="8"),
        {},
        {"model_info": None, "details": 5, "capabilities": "vision", "license": None},
    ],
)
def test_a_shape_that_is_not_told_whole_is_not_guessed(told: dict[str, Any]) -> None:
    assert of_ollama(told, None).shape is None


def test_llamacpp_tells_sizes_and_that_it_sees_nothing() -> None:
    (model,) = orjson.loads(recorded("llamacpp", "models")[1])["data"]
    told = of_llamacpp(model)
    assert (told.parameters, told.bytes, told.quantization) == (134_515_008, 96_576_768, "Q4_1")
    assert (told.sees, told.context_tokens) == (False, 8192)
    model["architecture"]["input_modalities"].append("image")
    assert of_llamacpp(model).sees


def test_sglang_tells_whether_a_model_sees() -> None:
    assert of_sglang({"has_image_understanding": True}).sees is True
    assert of_sglang({"model_path": "qwen/qwen2.5-0.5b-instruct"}).sees is None


def test_facts_are_kept_as_json() -> None:
    facts = of_ollama(QWEN, 5)
    assert from_json(json.loads(json.dumps(facts.as_json()))) == facts
    assert from_json({**facts.as_json(), "of_a_later_version": 1}) == facts
    later = {
        **facts.as_json(),
        "efforts": ["off", "extreme"],
        "shape": {"layers": 1, "kv_heads": 1, "key": 1, "value": 1, "new": 2},
    }
    assert from_json(later).efforts == (Effort.OFF,)
    assert from_json(None) == from_json({}) == UNKNOWN


def test_a_licence_of_any_length_is_cut() -> None:
    assert len(of_ollama({"license": "\0x" * 10**6}, None).licence) == 1000
    assert "\0" not in of_ollama({"license": "\0x"}, None).licence
