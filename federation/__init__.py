"""Peer list servers: who they are, what we ask them and what we tell them."""
