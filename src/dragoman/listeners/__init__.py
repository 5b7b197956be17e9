"""Shells around sans-IO doors: sockets, TLS, and finding out which protocol a client speaks."""
