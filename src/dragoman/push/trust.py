"""Whom outbound TLS believes. Apart from the client, so that an operator's mistake is told at start at no cost."""

import ssl


def tls_context(ca: str = "") -> ssl.SSLContext:
    """Verifies names and chains: the system's authorities, and those of the file `ca`. Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_alpn_protocols(["http/1.1"])
    if ca:
        context.load_verify_locations(ca)
    return context
