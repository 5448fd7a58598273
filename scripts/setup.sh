#!/usr/bin/env bash
# Makes .venv and installs a lock file and the project into it; does nothing when nothing has changed.
#
#   scripts/setup.sh runtime   what running needs        (requirements.lock)
#   scripts/setup.sh test      what testing needs, too   (requirements-test.lock)
#   scripts/setup.sh native    LDAP and SAML, too        (requirements-native.lock; needs a compiler)
#
# PYTHON=/path/to/python3.12 chooses the interpreter of a new .venv.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }
fail() { say "postroom setup: $*"; exit 1; }

case "${1:-runtime}" in
  runtime) lock=requirements.lock ;;
  test) lock=requirements-test.lock ;;
  native) lock=requirements-native.lock ;;
  *) fail "unknown kind '$1'; say runtime, test or native." ;;
esac
stamp=".venv/.setup-$lock"

fingerprint() {
  { cat "$lock" pyproject.toml; pwd -P; .venv/bin/python -V; } 2>/dev/null | cksum
}

if [[ -x .venv/bin/python && -f $stamp && $(<"$stamp") == "$(fingerprint)" ]]; then
  exit 0
fi

is_new_enough() { "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

# 3.11 and 3.12 first: every dependency has a wheel for them
find_python() {
  local name
  for name in ${PYTHON:-} python3.12 python3.11 python3 python3.13 python3.14; do
    if command -v "$name" >/dev/null && is_new_enough "$name"; then
      command -v "$name"
      return
    fi
  done
  return 1
}

if ! { [[ -x .venv/bin/python ]] && .venv/bin/python -m pip --version >/dev/null 2>&1; }; then
  python=$(find_python) || fail "Python 3.11 or newer is needed; install it (Debian: apt install python3) and try again."
  if ! "$python" -c 'import ensurepip, venv' 2>/dev/null; then
    scripts/system-packages.sh --only python3-venv \
      || fail "Python's venv module is missing; install it and try again (Debian: apt install python3-venv)."
    "$python" -c 'import ensurepip, venv' 2>/dev/null \
      || fail "$python has no venv module; install the package python$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')-venv."
  fi
  say "making .venv with $("$python" -V)"
  "$python" -m venv --clear .venv
fi

say "installing $lock into .venv"
pip=(.venv/bin/python -m pip --disable-pip-version-check -qq)
# authheaders, authres and dkimpy are published as source alone; they are pure Python and are built with the setuptools of the lock file
build=(--only-binary :all: --no-binary authheaders,authres,dkimpy --no-build-isolation)
if [[ $lock == requirements-native.lock ]]; then
  say "LDAP is built from source: gcc, libldap-dev (libldap2-dev) and libsasl2-dev must be there; SAML runs the xmlsec1 program"
  build=(--only-binary :all: --no-binary authres,dkimpy,python-ldap)
fi
builder=$(mktemp)
trap 'rm -f "$builder"' EXIT
awk '/^setuptools==/ { found = 1 } found { print; if (!/\\$/) exit }' "$lock" >"$builder"
"${pip[@]}" install --require-hashes --only-binary :all: -r "$builder" &&
  "${pip[@]}" install --require-hashes --use-pep517 "${build[@]}" -r "$lock" ||
  fail "a package could not be installed; the lines above say which, and why."
"${pip[@]}" install --no-deps --no-build-isolation -e .
"${pip[@]}" check || fail "the installed packages disagree."
fingerprint >"$stamp"
