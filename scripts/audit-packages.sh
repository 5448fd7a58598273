#!/usr/bin/env bash
# Installs the rules that others wrote (GraphQL over HTTP, accessibility), each from its lock file, when that has changed.
set -euo pipefail
cd "$(dirname "$0")/../tests/wire"

for place in audit axe; do
  stamp=$place/node_modules/.setup-stamp
  fingerprint() { cat "$place/package.json" "$place/package-lock.json" | cksum; }
  [[ -f $stamp && $(<"$stamp") == "$(fingerprint)" ]] && continue
  (cd "$place" && npm ci --silent --no-audit --no-fund --ignore-scripts)
  fingerprint >"$stamp"
done
