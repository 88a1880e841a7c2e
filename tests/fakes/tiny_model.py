"""A sentence-transformers model small enough to be made in a test, with random weights."""

from pathlib import Path
from typing import Any

WORDS = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "text", "another", "longer"]


def make(folder: Path) -> Any:
    """Save it in ``folder`` and return it: 16 dimensions, 32 tokens, pooled by the first token
    and not normalised, so that it differs from the model that the product carries."""
    import torch
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.models import Pooling, Transformer
    from transformers import BertConfig, BertModel, BertTokenizer

    torch.manual_seed(7)
    folder.mkdir(parents=True)
    inner = folder.parent / "inner"
    inner.mkdir()
    (inner / "vocab.txt").write_text("\n".join(WORDS), encoding="utf-8")
    BertTokenizer(vocab_file=str(inner / "vocab.txt")).save_pretrained(inner)
    config = BertConfig(
        vocab_size=len(WORDS),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
    )
    BertModel(config).save_pretrained(inner)
    transformer = Transformer(str(inner), max_seq_length=32)
    model = SentenceTransformer(modules=[transformer, Pooling(16, "cls")], device="cpu")
    model.save(str(folder))
    return model
