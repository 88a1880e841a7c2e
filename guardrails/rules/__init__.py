"""Rules: patterns that need no model, one a file, and the judge that asks them all."""
