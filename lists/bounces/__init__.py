"""What follows from mail that comes back: scores, waves, probes, mail that stops and goes on, and who is told."""
