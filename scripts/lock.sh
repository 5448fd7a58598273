#!/usr/bin/env bash
# Resolves pyproject.toml for every supported platform and writes the lock files, with hashes and no addresses.
set -euo pipefail
cd "$(dirname "$0")/.."

[[ -x .venv/bin/python ]] || scripts/setup.sh runtime
uv=$(command -v uv || echo .venv/bin/uv)
[[ -x $uv ]] || .venv/bin/python -m pip --disable-pip-version-check --quiet install uv

compile() {
  "$uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock' \
    pyproject.toml --extra setup --extra postgres "$@"
}
compile -o requirements.lock
compile --extra test -c requirements.lock -o requirements-test.lock
compile --extra ldap --extra saml -c requirements.lock -o requirements-native.lock

"$uv" pip compile --quiet --upgrade --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --no-annotate --custom-compile-command 'make lock' \
  tests/wire/cas_server/requirements.in -o tests/wire/cas_server/requirements.lock

for peer in audit oidc_op; do
  (cd "tests/wire/$peer" && rm -f package-lock.json && npm install --package-lock-only --silent --no-audit --no-fund)
done
