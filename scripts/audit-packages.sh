#!/usr/bin/env bash
# Installs the GraphQL-over-HTTP audit that others wrote, from its lock file, when that has changed.
set -euo pipefail
cd "$(dirname "$0")/../tests/wire/audit"

stamp=node_modules/.setup-stamp
fingerprint() { cat package.json package-lock.json | cksum; }

[[ -f $stamp && $(<"$stamp") == "$(fingerprint)" ]] && exit 0
npm ci --silent --no-audit --no-fund --ignore-scripts
fingerprint >"$stamp"
