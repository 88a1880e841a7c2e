"""Benchmarks of the whole product, run by hand: ``make bench-…``; docs/benchmarks.md tells of each.

They stand beside the product and not in it: they start its real processes, load them from outside
with clients of their own, and bring their own model server. Nothing of the product imports them,
and its container does not carry them.
"""
