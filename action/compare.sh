# shellcheck shell=bash
# Sourced by check.sh: compares with the base of the pull request. What the base has and the pull request has not would
# never be judged again, so a deployment that is gone fails the job, and so does a comparison that does not succeed.
# shellcheck disable=SC2154  # check.sh sets out, paths, common, packs and judged

# Writes $out/diff.md for people and $out/notes.txt for the runner; sets `changed`, the exit code that follows from it.
compare() {
  local base path
  changed=0
  : >"$out/notes.txt"
  printf '## What this pull request changes\n\n' >"$out/diff.md"
  if ! quiet_git cat-file -e "$FEDPOLICY_BASE^{commit}" 2>/dev/null; then
    echo '::warning title=fedpolicy::the base commit is not in this clone, so a removed deployment goes unnoticed: check out with fetch-depth: 0' >>"$out/notes.txt"
    printf 'Not shown: check out with \140fetch-depth: 0\140, so that its base is there.\n\n' >>"$out/diff.md"
    return
  fi
  # Where the head of a branch is checked out, what its base has got since then is not gone.
  base=$(quiet_git merge-base "$FEDPOLICY_BASE" HEAD 2>/dev/null) || base=$FEDPOLICY_BASE
  for path in "${paths[@]}"; do
    compare_path "$base" "${path#"$PWD"/}"
  done
}

compare_path() {
  local base=$1 path=$2 code=0 follows=0
  if ! quiet_git cat-file -e "$base:./$path" 2>/dev/null; then
    echo 'One path is not in the base, so there is nothing to compare it with.' >>"$out/diff.md"
    return
  fi
  rm -f "$out/one.md" "$out/one.json"
  difference --fail-on info --strict --format markdown --output "$out/one.md" >>"$out/problems.txt" 2>&1 || code=$?
  [ ! -f "$out/one.md" ] || { cat "$out/one.md" && echo; } >>"$out/diff.md"
  [ "$code" -ne 0 ] || return 0
  code=0
  difference ${judged[@]+"${judged[@]}"} --format json --output "$out/one.json" >/dev/null 2>&1 || code=$?
  isolated "$GITHUB_ACTION_PATH/action/changes.py" "$base" "$code" "$FEDPOLICY_ALLOW_REMOVED" "$out/one.json" \
    >>"$out/notes.txt" || follows=$?
  [ "$follows" -le "$changed" ] || changed=$follows
}

difference() {
  local runs=()
  [ "$FEDPOLICY_DRIFT" != true ] || runs=(--drift .)
  isolated -m fedpolicy diff ${common[@]+"${common[@]}"} ${packs[@]+"${packs[@]}"} ${runs[@]+"${runs[@]}"} "$@" -- \
    "$base:$path" "$path" </dev/null
}
