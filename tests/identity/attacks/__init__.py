"""Tests of identity/attacks/."""
