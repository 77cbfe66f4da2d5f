"""TLS for peers that begin with it on a port of their own (RFC 6733, 13.1; port 5868)."""

import ssl
from pathlib import Path


def server_context(certificate: Path, private_key: Path, authorities: Path | None = None) -> ssl.SSLContext:
    """Make the context of a listening address; files are PEM, ``certificate`` may hold the chain.

    With ``authorities`` every peer must show a certificate that one of them signed (RFC 6733, 13.1).
    Raises OSError or ssl.SSLError for files that can not be used.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, private_key)
    if authorities is not None:
        context.load_verify_locations(authorities)
        context.verify_mode = ssl.CERT_REQUIRED
    return context
