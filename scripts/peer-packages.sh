#!/usr/bin/env bash
# Installs the identity servers that others wrote, each from its lock file, when that has changed.
set -euo pipefail
cd "$(dirname "$0")/.."

# STAMP FILE…: what the files say is installed already
is_there() { [[ -f $1 && $(<"$1") == "$(cat "${@:2}" | cksum)" ]]; }
say_there() { cat "${@:2}" | cksum >"$1"; }

op=tests/wire/oidc_op
of_op=("$op/node_modules/.setup-stamp" "$op/package.json" "$op/package-lock.json")
if ! is_there "${of_op[@]}"; then
  (cd "$op" && npm ci --silent --no-audit --no-fund --ignore-scripts)
  say_there "${of_op[@]}"
fi

# django-cas-server brings Django and lxml, which are none of our business: an environment of its own
cas=.venv/peers/cas_server
of_cas=("$cas/.setup-stamp" tests/wire/cas_server/requirements.lock)
if ! is_there "${of_cas[@]}"; then
  .venv/bin/python -m venv --clear "$cas"
  "$cas/bin/python" -m pip --disable-pip-version-check -qq install \
    --require-hashes --only-binary :all: -r tests/wire/cas_server/requirements.lock
  say_there "${of_cas[@]}"
fi
