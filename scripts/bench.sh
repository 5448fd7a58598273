#!/usr/bin/env bash
# Runs every benchmark of bench/ one after the other, each in a process of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

shopt -s nullglob
for file in bench/[!_]*.py; do
  name=$(basename "$file" .py)
  printf '\n== %s\n' "$name"
  .venv/bin/python -m "bench.$name"
done
