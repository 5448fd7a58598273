"""One file for each bug that was found and mended."""
