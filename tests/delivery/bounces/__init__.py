"""Bounces, delays, vacation notices and complaints in the manner of many mail servers."""
