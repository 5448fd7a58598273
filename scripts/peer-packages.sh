#!/usr/bin/env bash
# Installs the identity servers that others wrote, each from its lock file, when that has changed.
set -euo pipefail
cd "$(dirname "$0")/../tests/wire"

# DIRECTORY STAMP FILE… : whether what the files say is installed already
is_there() {
  local place=$1 stamp=$2
  shift 2
  [[ -f $place/$stamp && $(<"$place/$stamp") == "$(cd "$place" && cat "$@" | cksum)" ]]
}
say_there() {
  local place=$1 stamp=$2
  shift 2
  (cd "$place" && cat "$@" | cksum >"$stamp")
}

if ! is_there oidc_op node_modules/.setup-stamp package.json package-lock.json; then
  (cd oidc_op && npm ci --silent --no-audit --no-fund --ignore-scripts)
  say_there oidc_op node_modules/.setup-stamp package.json package-lock.json
fi

# django-cas-server brings Django and lxml, which are none of our business: an environment of its own
if ! is_there cas_server .venv/.setup-stamp requirements.lock; then
  ../../.venv/bin/python -m venv --clear cas_server/.venv
  cas_server/.venv/bin/python -m pip --disable-pip-version-check -qq install \
    --require-hashes --only-binary :all: -r cas_server/requirements.lock
  say_there cas_server .venv/.setup-stamp requirements.lock
fi
