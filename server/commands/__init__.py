"""The commands of `postroom`, one subject to a file; each file is loaded when one of its commands is called."""
