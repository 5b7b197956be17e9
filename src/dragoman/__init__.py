"""Dragoman: one message broker that every client already speaks."""

__version__ = "0.1.0"
