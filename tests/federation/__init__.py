"""Tests of what servers ask and tell one another."""
