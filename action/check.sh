#!/usr/bin/env bash
# Checks, and tells the result everywhere a workflow looks: log, annotations, summary, outputs. The exit code of the check
# is an output; a later step fails the job. Written for bash 3.2, which macOS has.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/isolation.sh"
. "${BASH_SOURCE[0]%/*}/compare.sh"

out=$(folder_for check)
output() { printf '%s=%s\n' "$1" "$2" >>"$GITHUB_OUTPUT"; }

if ! [[ $FEDPOLICY_FORMAT =~ ^[a-z-]+$ ]]; then
  echo '::error title=fedpolicy::the input format is not the name of a format'
  exit 2
fi

common=()
packs=()
sites=()
paths=()
while IFS= read -r line || [ -n "$line" ]; do
  line=${line%$'\r'}
  [ -z "$line" ] || packs+=(--pack "$line")
done <<<"$FEDPOLICY_PACKS"
while IFS= read -r line || [ -n "$line" ]; do
  line=${line%$'\r'}
  [ -z "$line" ] || paths+=("$line")
done <<<"$FEDPOLICY_PATHS"
while IFS= read -r line || [ -n "$line" ]; do
  line=${line%$'\r'}
  [ -z "$line" ] || sites+=(--site "$line")
done <<<"$FEDPOLICY_SITE"
[ "${#paths[@]}" -gt 0 ] || paths=(.)
[ -z "$FEDPOLICY_CONFIG" ] || common+=(--config "$FEDPOLICY_CONFIG")
[ -z "$FEDPOLICY_CONFIG_FROM" ] || common+=(--config-from "$FEDPOLICY_CONFIG_FROM")
[ -z "$FEDPOLICY_WAIVERS_FROM" ] || common+=(--waivers-from "$FEDPOLICY_WAIVERS_FROM")
judged=()
[ -z "$FEDPOLICY_FAIL_ON" ] || judged+=(--fail-on "$FEDPOLICY_FAIL_ON")
[ "$FEDPOLICY_STRICT" != true ] || judged+=(--strict)
own=(${common[@]+"${common[@]}"} ${judged[@]+"${judged[@]}"})
[ -z "$FEDPOLICY_BASELINE" ] || own+=(--baseline "$FEDPOLICY_BASELINE")
[ -z "$FEDPOLICY_BASELINE_FROM" ] || own+=(--baseline-from "$FEDPOLICY_BASELINE_FROM")
options=(${own[@]+"${own[@]}"} ${packs[@]+"${packs[@]}"})

# Places in summary and comment lead to their lines, where this is a commit that the forge has.
commit=$(quiet_git rev-parse --verify --quiet 'HEAD^{commit}' 2>/dev/null) || commit=
if [ -n "$commit" ] && [ -n "${GITHUB_SERVER_URL:-}" ] && [ -n "${GITHUB_REPOSITORY:-}" ]; then
  export FEDPOLICY_LINKS=$GITHUB_SERVER_URL/$GITHUB_REPOSITORY/blob/$commit
fi

report=$out/fedpolicy-report.$FEDPOLICY_FORMAT
code=0
isolated -m fedpolicy check ${options[@]+"${options[@]}"} ${sites[@]+"${sites[@]}"} \
  --output "text:$out/log.txt" --output "github:$out/annotations.txt" --output "markdown:$out/check.md" \
  --output "sarif:$out/fedpolicy.sarif" --output "json:$out/counts.json" --output "$FEDPOLICY_FORMAT:$report" \
  -- "${paths[@]}" >"$out/problems.txt" 2>&1 </dev/null || code=$?

scanned=0
: >"$out/scan.problems.txt"
if [ "$FEDPOLICY_SCAN" = true ]; then
  isolated -m fedpolicy scan ${options[@]+"${options[@]}"} \
    --output "text:$out/scan.log.txt" --output "github:$out/scan.annotations.txt" --output "markdown:$out/scan.md" \
    --output "sarif:$out/fedpolicy-scan.sarif" -- "${paths[@]}" >"$out/scan.problems.txt" 2>&1 </dev/null || scanned=$?
  # A repository without a declaration has files to scan all the same.
  if [ "$code" -eq 2 ] && [ "$scanned" -le 1 ] && grep -q '^error: no deployment found' "$out/problems.txt"; then
    code=0
  fi
fi
[ "$scanned" -le "$code" ] || code=$scanned

drifted=0
: >"$out/drift.problems.txt"
if [ "$FEDPOLICY_DRIFT" = true ]; then
  also=()
  for path in "${paths[@]:1}"; do also+=(--also "$path"); done
  isolated -m fedpolicy drift ${own[@]+"${own[@]}"} ${also[@]+"${also[@]}"} \
    --output "text:$out/drift.log.txt" --output "github:$out/drift.annotations.txt" --output "markdown:$out/drift.md" \
    --output "sarif:$out/fedpolicy-drift.sarif" -- "${paths[0]}" . >"$out/drift.problems.txt" 2>&1 </dev/null || drifted=$?
fi
[ "$drifted" -le "$code" ] || code=$drifted

changed=0
[ -z "$FEDPOLICY_BASE" ] || [ ! -f "$out/annotations.txt" ] || compare
[ "$changed" -le "$code" ] || code=$changed

# Texts of the deployment stand in the log; between these marks, the runner obeys none of them.
mark=$(od -An -N16 -tx1 /dev/urandom | tr -d ' \n')
# Folds files of the log under a title, as far as they say something.
group() {
  local title=$1 file said=
  shift
  for file in "$@"; do [ ! -s "$file" ] || said=yes; done
  [ -n "$said" ] || return 0
  echo "::group::$title"
  echo "::stop-commands::$mark"
  for file in "$@"; do [ ! -s "$file" ] || cat "$file"; done
  echo "::$mark::"
  echo '::endgroup::'
}
group 'fedpolicy: the report' "$out/problems.txt" "$out/log.txt"
group 'fedpolicy: what frameworks run' "$out/scan.problems.txt" "$out/scan.log.txt"
group 'fedpolicy: what is declared beside what runs' "$out/drift.problems.txt" "$out/drift.log.txt"
if [ -s "$out/log.txt" ]; then
  echo "::stop-commands::$mark"
  tail -n 1 "$out/log.txt"
  echo "::$mark::"
fi

case $code in
  0) verdict=pass ;;
  1) verdict=fail ;;
  *) verdict=error ;;
esac
output code "$code"
output verdict "$verdict"

if [ ! -f "$out/annotations.txt" ]; then
  echo '::error title=fedpolicy::nothing could be checked; the log says why'
  printf '## fedpolicy: nothing could be checked\n\nThe log of the step says why.\n' >>"$GITHUB_STEP_SUMMARY"
  exit 0
fi

# The annotations about what is gone come first: GitHub shows ten of each level.
: >"$out/summary.md"
if [ -n "$FEDPOLICY_BASE" ]; then
  cat "$out/notes.txt"
  [ "$changed" -eq 0 ] || printf '**This pull request removes a deployment, or the comparison with its base failed. See the annotations.**\n\n' >>"$out/summary.md"
  # A comment may have 65,536 characters; the check stays below that on its own.
  if [ $(($(wc -c <"$out/diff.md") + $(wc -c <"$out/check.md"))) -le 65000 ]; then
    cat "$out/diff.md" >>"$out/summary.md"
  else
    printf 'What this pull request changes is too long to be shown here.\n\n' >>"$out/summary.md"
  fi
fi
cat "$out/annotations.txt"
cat "$out/check.md" >>"$out/summary.md"
if [ -f "$out/scan.annotations.txt" ]; then
  cat "$out/scan.annotations.txt"
  printf '\n### Scanned: what frameworks run\n\n' >>"$out/summary.md"
  cat "$out/scan.md" >>"$out/summary.md"
  output scan-sarif "$out/fedpolicy-scan.sarif"
fi
if [ -f "$out/drift.annotations.txt" ]; then
  cat "$out/drift.annotations.txt"
  printf '\n### Drift: what is declared beside what runs\n\n' >>"$out/summary.md"
  cat "$out/drift.md" >>"$out/summary.md"
  output drift-sarif "$out/fedpolicy-drift.sarif"
fi
cat "$out/summary.md" >>"$GITHUB_STEP_SUMMARY"

output counts "$(isolated -c \
  'import json, sys; print(json.dumps(json.load(open(sys.argv[1], encoding="utf-8"))["summary"]))' "$out/counts.json")"
output sarif "$out/fedpolicy.sarif"
output report "$report"
output summary "$out/summary.md"
