"""Leases: who holds which message of a subscription, and what happens next."""
