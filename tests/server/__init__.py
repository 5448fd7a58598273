"""Tests of the server, each in this process."""
