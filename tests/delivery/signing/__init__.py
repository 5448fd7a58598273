"""What leaves is signed, and others find the signatures good."""
