"""Ports: what the inside needs from the outside, each as small as its need, written by the one who uses it."""
