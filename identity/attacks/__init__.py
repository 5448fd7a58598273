"""Makers of hostile evidence, to try providers with; nothing that runs in a server imports them."""
