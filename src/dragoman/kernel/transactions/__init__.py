"""Transactions written through: entries are appended at once, pending, and shown or dropped when theirs ends."""
