"""Tests that talk to real servers on free ports of this machine."""
