#!/usr/bin/env bash
# Installs the system packages that are missing, with apt, without a question and without starting a daemon.
#
#   scripts/system-packages.sh                 all of scripts/system-packages.txt
#   scripts/system-packages.sh --only PACKAGE  just this one
#
# Without root, or without apt, it says what to run and exits 1.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

wanted() {
  if [[ ${1:-} == --only ]]; then
    printf '%s -\n' "$2"
  else
    sed 's/#.*//; /^[[:space:]]*$/d' scripts/system-packages.txt
  fi
}

is_installed() { [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]; }

missing=()
while read -r package program; do
  if [[ $program != - ]] && command -v "$program" >/dev/null; then continue; fi
  if command -v dpkg-query >/dev/null && is_installed "$package"; then continue; fi
  missing+=("$package")
done < <(wanted "$@")
((${#missing[@]})) || exit 0

if ! command -v apt-get >/dev/null; then
  say "These programs are needed and this system has no apt; install what it calls them: ${missing[*]}"
  exit 1
fi
if ((EUID == 0)); then
  as_root=(env)
elif sudo -n true 2>/dev/null; then
  as_root=(sudo -n env)
else
  say "These system packages are missing, and installing them needs root. Please run:"
  say "  sudo apt-get update && sudo apt-get install --no-install-recommends -y ${missing[*]}"
  exit 1
fi

say "installing ${missing[*]}"
# the packages' own daemons stay off: the tests start private ones
guard=/usr/sbin/policy-rc.d
if [[ ! -e $guard ]]; then
  trap '"${as_root[@]}" rm -f "$guard"' EXIT
  printf '#!/bin/sh\nexit 101\n' | "${as_root[@]}" sh -c "cat >$guard && chmod 755 $guard"
fi
if [[ " ${missing[*]} " == *" postfix "* ]]; then
  echo 'postfix postfix/main_mailer_type select Local only' | "${as_root[@]}" debconf-set-selections
fi
apt=("${as_root[@]}" DEBIAN_FRONTEND=noninteractive apt-get -qq -o Dpkg::Use-Pty=0)
"${apt[@]}" update >/dev/null
"${apt[@]}" install -y --no-install-recommends "${missing[@]}" >/dev/null </dev/null
