#!/usr/bin/env bash
# Installs fedpolicy into an environment of its own; what the job has installed stays as it is. No program starts in the
# workspace, and what is installed is what the lock names.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/isolation.sh"

fail() {
  echo "::error title=fedpolicy::$1"
  exit 2
}

place=$(folder_for install)
cd "$place"

python=
for candidate in python3 python python3.14 python3.13 python3.12 python3.11; do
  if "$candidate" -I -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail 'fedpolicy needs Python 3.11 or newer: add a step with actions/setup-python before this one'

if [ -n "$FEDPOLICY_VERSION" ] && ! [[ $FEDPOLICY_VERSION =~ ^[0-9][0-9A-Za-z.]*$ ]]; then
  fail 'the input version is not a version such as 0.1.0'
fi
index=()
if [ -n "$FEDPOLICY_INDEX_URL" ]; then
  [[ $FEDPOLICY_INDEX_URL =~ ^https://[^[:space:]]+$ ]] || fail 'the input index-url does not begin with https://'
  index=(--index-url "$FEDPOLICY_INDEX_URL")
fi
extra=
lock=$GITHUB_ACTION_PATH/requirements/run.txt
if [ "$FEDPOLICY_FORMAT" = oscal ]; then
  extra='[oscal]'
  lock=$GITHUB_ACTION_PATH/requirements/oscal.txt
fi

"$python" -I -m venv "$place/venv"
FEDPOLICY_BIN=$place/venv/bin
[ -d "$FEDPOLICY_BIN" ] || FEDPOLICY_BIN=$place/venv/Scripts

install() {
  isolated -m pip --isolated install --quiet --disable-pip-version-check --no-input ${index[@]+"${index[@]}"} "$@"
}

# What a lock names is checked by its hash, so it may come from a cache.
install_locked() {
  install --cache-dir "${RUNNER_TEMP:-/tmp}/fedpolicy-downloads" --require-hashes --only-binary :all: --requirement "$lock"
}

install_source() { install --no-index --no-deps --no-build-isolation "$GITHUB_ACTION_PATH"; }

own=$(sed -n 's/^__version__ = "\(.*\)"/\1/p' "$GITHUB_ACTION_PATH/fedpolicy/__init__.py")
if [ -z "$FEDPOLICY_VERSION" ]; then
  install_locked
  install_source
elif [ "$FEDPOLICY_VERSION" = "$own" ]; then
  install_locked
  install --no-cache-dir --no-deps --only-binary :all: "fedpolicy==$own" || {
    echo "::notice title=fedpolicy::no index here has fedpolicy $own: the source of the action is used, which is the same version"
    install_source
  }
else
  install --no-cache-dir --only-binary :all: "fedpolicy$extra==$FEDPOLICY_VERSION"
fi
echo "bin=$FEDPOLICY_BIN" >>"$GITHUB_OUTPUT"
isolated -m fedpolicy --version
