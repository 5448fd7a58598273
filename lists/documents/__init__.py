"""The folders and files that a list shares: who may see and change them, how their bytes come and go, and what waits."""
