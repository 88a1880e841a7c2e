"""Will a model fit: the memory for its weights and for what each conversation keeps. Pure.

Weights take ``parameters * bits / 8`` bytes. A token of context keeps, in every layer, a key and a
value for each key-value head: ``layers * kv_heads * (key + value) * bits / 8`` bytes (Kwon et al.,
"Efficient Memory Management for Large Language Model Serving with PagedAttention", 2023, section
3; grouped heads: Ainslie et al., "GQA", 2023). With multi-head latent attention a layer keeps one
compressed vector instead (DeepSeek-AI, "DeepSeek-V2", 2024, section 2.1). Layers with a sliding
window keep the window and the batch that is being read (llama.cpp, pull request 13194).
"""

from dataclasses import dataclass
from math import floor

from chatapp.backends.facts import Shape

GIB = 1 << 30
USED_SHARE = 0.9
"""Of the memory, for weights and contexts: the rest is the server's own, as much as vLLM leaves
unless told otherwise (``gpu_memory_utilization``)."""
USUAL_CONTEXT = 8192
"""Where nobody says how much of a context is used."""
BATCH_TOKENS = 512
"""That are read at once: llama.cpp's ``--ubatch-size``."""
BITS = {
    "F32": 32.0,
    "BF16": 16.0,
    "F16": 16.0005,
    "FP8": 8.0,
    "Q8_0": 8.5008,
    "Q6_K": 6.5633,
    "Q5_K_M": 5.7036,
    "Q5_K_S": 5.5704,
    "Q4_K_M": 4.8944,
    "Q4_K_S": 4.6672,
    "IQ4_NL": 4.6818,
    "IQ4_XS": 4.4597,
    "MXFP4": 4.46,
    "Q3_K_L": 4.2979,
    "Q3_K_S": 3.6429,
    "IQ3_M": 3.7628,
    "Q2_K": 3.1593,
    "IQ2_M": 2.9294,
}
"""Bits a weight, measured over whole files: llama.cpp's tools/quantize/README.md for LLaMA 3.1 8B.
MXFP4 is GPT-OSS 120B's own mixture (its model card: 116.83 billion parameters in 60.8 GiB)."""
CACHE_BITS = {"F16": 16.0, "FP8": 8.0, "Q8_0": 8.5, "Q4_0": 4.5}


@dataclass(frozen=True, slots=True)
class Use:
    """How a model is to be used: ``people`` at once with up to ``context`` tokens each."""

    context: int
    people: int
    cache_bits: float = CACHE_BITS["F16"]


@dataclass(frozen=True, slots=True)
class Need:
    """Bytes. ``one`` is what one person's context keeps of ``contexts``."""

    weights: int
    contexts: int
    one: int

    @property
    def total(self) -> int:
        """With what the server needs for itself."""
        return round((self.weights + self.contexts) / USED_SHARE)

    def fits(self, memory: int) -> bool:
        return self.total <= memory

    def room_for(self, memory: int) -> int:
        """How many people at once fit into ``memory``."""
        left = memory * USED_SHARE - self.weights
        return max(0, floor(left / self.one)) if self.one else 0


def weights_size(parameters: int, bits: float) -> int:
    return round(parameters * bits / 8)


def kept_numbers(shape: Shape) -> int:
    """Numbers that one token keeps in one layer."""
    return shape.latent or shape.kv_heads * (shape.key + shape.value)


def full_layers(shape: Shape) -> int:
    """Layers that keep everything."""
    return shape.layers // shape.full_every


def context_size(shape: Shape, tokens: int, bits: float = CACHE_BITS["F16"]) -> int:
    """What ``tokens`` of one conversation keep."""
    full = full_layers(shape)
    seen = min(tokens, shape.window + BATCH_TOKENS) if shape.window else tokens
    cells = full * tokens + (shape.layers - full) * seen
    return round(cells * kept_numbers(shape) * bits / 8)


def need(weights: int, shape: Shape, use: Use) -> Need:
    one = context_size(shape, use.context, use.cache_bits)
    return Need(weights, one * use.people, one)
