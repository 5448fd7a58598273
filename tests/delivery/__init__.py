"""Tests of delivery/ without sockets."""
