"""Composition: configuration, the one place that names every part, and the life of the process."""
