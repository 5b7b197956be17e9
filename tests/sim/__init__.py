"""Simulated parts of the world, each driven by a seed: the same seed gives the same bytes."""
