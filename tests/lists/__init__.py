"""Lists: who may do what with them, and what happens when they do."""
