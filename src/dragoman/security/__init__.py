"""Credentials: how each protocol proves who sent something. Secrets and time are arguments; nothing is stored here."""
