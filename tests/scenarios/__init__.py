"""The law as text, tried: what can be written, what it means, and what the shipped policies decide."""
