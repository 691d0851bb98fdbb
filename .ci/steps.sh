# What the scripts of this folder share; they source it. All run at the root of a checkout whose `.venv` is there.
# shellcheck shell=bash

# Files are UTF-8, whatever the locale.
export PYTHONUTF8=1

step() { printf '\n=== %s (%s s)\n' "$*" "$SECONDS"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# Runs a command that must end with this exit code, which is not always 0: findings are no accident here.
expect() {
  local wanted=$1 code=0
  shift
  "$@" || code=$?
  [ "$code" -eq "$wanted" ] || fail "$* ended with $code instead of $wanted"
}

# Runs a command beside the steps that follow, each of which keeps one processor busy: `beside NAME COMMAND...`.
beside() {
  local name=$1
  shift
  "$@" >"${work:?}/$name.log" 2>&1 &
  echo $! >"$work/$name.pid"
}

# Waits for it, shows what it has said, and ends as it has ended.
awaited() {
  local code=0
  wait "$(cat "$work/$1.pid")" || code=$?
  cat "$work/$1.log"
  return "$code"
}

# Makes an environment where nothing else is.
empty() {
  mkdir -p "$1/elsewhere"
  .venv/bin/python -m venv "$1/venv"
}

# Installs into one.
into() {
  local place=$1
  shift
  "$place/venv/bin/python" -m pip install --quiet --disable-pip-version-check "$@"
}

# Installs a list of exact versions into one.
locked_into() {
  into "$1" --require-hashes --only-binary=:all: -r "requirements/$2.txt"
}

# Uses what is installed there, away from the source.
smoke() {
  local place=$1 fedpolicy=$1/venv/bin/fedpolicy
  cp examples/clinical-notes/deployment.yaml "$place/elsewhere/"
  (
    cd "$place/elsewhere" || exit
    unset PYTHONPATH
    expect 0 "$fedpolicy" --version
    expect 0 "$fedpolicy" --help >help.txt
    expect 2 "$fedpolicy" >bare.txt
    diff help.txt bare.txt || fail 'without a command, something else than the help is shown'
    expect 2 "$fedpolicy" chek 2>misspelt.txt
    grep -q 'did you mean .check' misspelt.txt || fail 'a misspelt command is not recognised'
    expect 1 "$fedpolicy" check deployment.yaml --output report.txt
    expect 1 "$fedpolicy" check . --format json --output report.json
    expect 2 "$fedpolicy" check missing.yaml >/dev/null 2>&1
    expect 0 "$fedpolicy" schema report >report.schema.json
    expect 0 "$fedpolicy" rules >rules.txt
    expect 0 "$fedpolicy" facts deployment.yaml --format json >facts.json
    expect 0 "$place/venv/bin/python" -c 'import json, sys; [json.load(open(name)) for name in sys.argv[1:]]' ./*.json
  )
  (cd examples/clinical-notes && expect 1 "$OLDPWD/.venv/bin/python" -m fedpolicy check deployment.yaml) |
    diff - "$place/elsewhere/report.txt" || fail "$place reports something else than the checkout"
}
