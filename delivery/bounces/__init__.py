"""Mail that comes back: what kind of failure it tells of, and whose."""
