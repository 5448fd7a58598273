"""Tests of identity/, on both databases."""
