"""What servers tell of a model beyond its name, each in its own words, as one value.

Sources: Ollama's ``/api/show`` (docs.ollama.com/api, openapi.yaml) with the keys of GGUF files
(ggml's docs/gguf.md), llama.cpp's ``/v1/models`` (tools/server/README.md, and a recording),
SGLang's ``/get_model_info``. vLLM tells the context alone.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any

MOST_LICENCE_CHARS = 1000
MOST_PARAMETERS = 10**14
FULL_EVERY = {"gemma2": 2, "gemma3": 6, "gptoss": 2, "gpt-oss": 2}
"""Architectures whose layers see only a window, but for each so many-th that sees everything
(llama.cpp's src/llama-model.cpp, ``set_swa_pattern``)."""


class Effort(StrEnum):
    """How much a model is to reason before it answers."""

    OFF = "off"
    ON = "on"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"


SWITCH = (Effort.OFF, Effort.ON)
LEVELS = (Effort.LOW, Effort.MEDIUM, Effort.HIGH)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the memory of a context follows from. ``kv_heads`` are those of one layer, and
    ``key`` and ``value`` the lengths of each; where ``latent`` is set a layer keeps that many
    numbers a token instead (DeepSeek's multi-head latent attention). Only each ``full_every``-th
    layer keeps everything, the others the last ``window`` tokens."""

    layers: int
    kv_heads: int
    key: int
    value: int
    latent: int = 0
    window: int = 0
    full_every: int = 1


@dataclass(frozen=True, slots=True)
class Facts:
    """None, or "", is what the server does not tell. ``parameters`` and ``bytes`` are of the
    weights, ``context_tokens`` the length that the model was made for, or is served with where
    only that is told, and ``usual_context`` the one that its maker set; ``efforts`` are what it
    may be asked for and ``effort`` what it does unasked."""

    family: str = ""
    parameters: int | None = None
    quantization: str = ""
    bytes: int | None = None
    context_tokens: int | None = None
    usual_context: int | None = None
    sees: bool | None = None
    efforts: tuple[Effort, ...] | None = None
    effort: str = ""
    licence: str = ""
    shape: Shape | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


UNKNOWN = Facts()


def from_json(stored: Any) -> Facts:
    """What :meth:`Facts.as_json` gave, also by another version of this program."""
    if not isinstance(stored, dict):
        return UNKNOWN
    known = known_of(Facts, stored)
    if (efforts := known.get("efforts")) is not None:
        known["efforts"] = tuple(Effort(each) for each in efforts if each in tuple(Effort))
    if (shape := known.get("shape")) is not None:
        known["shape"] = Shape(**known_of(Shape, shape))
    return Facts(**known)


def known_of(kind: Any, stored: dict[str, Any]) -> dict[str, Any]:
    """What of ``stored`` this version knows of ``kind``."""
    return {field.name: stored[field.name] for field in fields(kind) if field.name in stored}


def of_ollama(shown: Mapping[str, Any], size: int | None) -> Facts:
    """From Ollama's ``/api/show``; ``size`` of the file as ``/api/tags`` lists it."""
    info, details = mapping(shown.get("model_info")), mapping(shown.get("details"))
    family = as_word(info.get("general.architecture"))
    named = shown.get("capabilities")
    capabilities = named if isinstance(named, list) else None
    efforts, effort = thinking(shown.get("thinking"), family, capabilities)
    return Facts(
        family=family,
        parameters=as_count(info.get("general.parameter_count")),
        quantization=as_word(details.get("quantization_level")),
        bytes=size,
        context_tokens=as_count(info.get(f"{family}.context_length")),
        usual_context=usual_context(shown.get("parameters")),
        sees=None if capabilities is None else "vision" in capabilities,
        efforts=efforts,
        effort=effort,
        licence=str(shown.get("license") or "").replace("\0", "")[:MOST_LICENCE_CHARS],
        shape=shape_of(family, info),
    )


def usual_context(parameters: Any) -> int | None:
    """``num_ctx`` of the Modelfile, which Ollama tells as lines of names and values."""
    found = re.search(r"^num_ctx\s+(\d{1,9})\s*$", str(parameters or ""), re.M)
    return as_count(int(found[1])) if found else None


def thinking(
    told: Any, family: str, capabilities: Sequence[Any] | None
) -> tuple[tuple[Effort, ...] | None, str]:
    """What may be asked for, and what is done unasked: Ollama 0.40 and later tell the values that
    ``think`` takes; before that, GPT-OSS took levels and every other model true and false."""
    values = mapping(told).get("values")
    if isinstance(values, list):
        efforts = tuple(dict.fromkeys(effort for value in values if (effort := effort_of(value))))
        default = effort_of(mapping(told).get("default"))
        return efforts if efforts != (Effort.OFF,) else (), default or ""
    if capabilities is None:
        return None, ""
    if "thinking" not in capabilities:
        return (), ""
    return (LEVELS if family in ("gptoss", "gpt-oss") else SWITCH), ""


def effort_of(value: Any) -> Effort | None:
    """One of Ollama's values of ``think``; None for one that we do not offer."""
    if isinstance(value, bool):
        return Effort.ON if value else Effort.OFF
    return Effort(value) if value in tuple(LEVELS) else None


def shape_of(family: str, info: Mapping[str, Any]) -> Shape | None:
    """From the keys of a GGUF file; None where one of them is missing, or differs from layer to
    layer, which a list would tell and Ollama leaves out."""

    def count(name: str) -> int:
        return as_count(info.get(f"{family}.{name}")) or 0

    heads, layers = count("attention.head_count"), count("block_count")
    kv_heads = count("attention.head_count_kv")
    width = count("embedding_length") // heads if heads else 0
    latent = count("attention.kv_lora_rank")
    window, full_every = count("attention.sliding_window"), FULL_EVERY.get(family, 0)
    if not layers or not (kv_heads or latent) or (window and not full_every):
        return None
    key = count("attention.key_length") or width
    value = count("attention.value_length") or width
    if latent:
        return Shape(layers, 1, 0, 0, latent + count("rope.dimension_count"))
    return Shape(layers, kv_heads, key, value, 0, window, full_every if window else 1)


def of_llamacpp(model: Mapping[str, Any]) -> Facts:
    """From the entry in ``/v1/models``."""
    meta = mapping(model.get("meta"))
    takes = mapping(model.get("architecture")).get("input_modalities")
    return Facts(
        parameters=as_count(meta.get("n_params")),
        quantization=as_word(meta.get("ftype")),
        bytes=as_count(meta.get("size")),
        context_tokens=as_count(meta.get("n_ctx_train")),
        sees="image" in takes if isinstance(takes, list) else None,
    )


def of_sglang(info: Mapping[str, Any]) -> Facts:
    """From ``/get_model_info``, which newer servers fill with what the model understands."""
    sees = info.get("has_image_understanding")
    return Facts(sees=sees if isinstance(sees, bool) else None)


def mapping(value: Any) -> Mapping[str, Any]:
    """``value`` if it is an object, else an empty one."""
    return value if isinstance(value, dict) else {}


def as_word(value: Any) -> str:
    """A short name, or ""."""
    return value[:60] if isinstance(value, str) and re.fullmatch(r"[\w .:+-]{1,60}", value) else ""


def as_count(value: Any) -> int | None:
    """``value`` if it is a whole number that a model could have of something."""
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return value if is_number and 0 < value <= MOST_PARAMETERS else None
