"""Tests of what proves who wrote a message."""
