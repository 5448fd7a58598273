"""The drill: processes die, servers go away, and every recipient of every message is counted."""
