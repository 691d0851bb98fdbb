#!/usr/bin/env bash
# Installs fedpolicy into an environment of its own; what the job has installed stays as it is.
set -euo pipefail

fail() {
  echo "::error title=fedpolicy::$1"
  exit 2
}

python=
for candidate in python3 python python3.14 python3.13 python3.12 python3.11; do
  if "$candidate" -c 'import sys, venv; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1; then
    python=$candidate
    break
  fi
done
[ -n "$python" ] || fail 'fedpolicy needs Python 3.11 or newer: add a step with actions/setup-python before this one'

extra=
[ "$FEDPOLICY_FORMAT" != oscal ] || extra='[oscal]'
if [ -z "$FEDPOLICY_VERSION" ]; then
  what=$GITHUB_ACTION_PATH$extra
elif [[ $FEDPOLICY_VERSION =~ ^[0-9][0-9A-Za-z.]*$ ]]; then
  what="fedpolicy$extra==$FEDPOLICY_VERSION"
else
  fail 'the input version is not a version such as 0.1.0'
fi

place=$(mktemp -d "${RUNNER_TEMP:-/tmp}/fedpolicy-install.XXXXXX")
"$python" -m venv "$place"
bin=$place/bin
[ -d "$bin" ] || bin=$place/Scripts
"$bin/python" -m pip install --quiet --disable-pip-version-check "$what"
echo "bin=$bin" >>"$GITHUB_OUTPUT"
"$bin/fedpolicy" --version
