"""Tests of identity/providers/."""
