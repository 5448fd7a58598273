"""Bounces that a provider or a script tells of by a signed request instead of by mail (row 46)."""
