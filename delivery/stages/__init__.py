"""One thing done to a letter in each file; a stage never imports another."""
