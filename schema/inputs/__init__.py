"""What mutations and connections take."""
