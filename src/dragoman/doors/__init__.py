"""Doors: one package per protocol, each turns its words into kernel commands and back, and owns nothing else."""
