"""Tests of the declared API."""
