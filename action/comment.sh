#!/usr/bin/env bash
# Writes the summary into the pull request, in one comment that later runs rewrite. A comment that cannot be written, as
# for a pull request from a fork, is a warning: the verdict does not depend on it.
set -euo pipefail
. "${BASH_SOURCE[0]%/*}/isolation.sh"

mark='<!-- fedpolicy -->'
place=$(folder_for comment)
cd "$place"
body=$place/body.md
{ echo "$mark" && cat "$FEDPOLICY_SUMMARY"; } >"$body"

tell() {
  local found old
  found=$(gh api --paginate "repos/$GITHUB_REPOSITORY/issues/$FEDPOLICY_PULL_REQUEST/comments" \
    --jq ".[] | select(.user.type == \"Bot\" and (.body | startswith(\"$mark\"))) | .id") || return 1
  old=${found%%$'\n'*}
  if [ -n "$old" ]; then
    gh api --silent --method PATCH "repos/$GITHUB_REPOSITORY/issues/comments/$old" --field "body=@$body"
  else
    gh api --silent --method POST "repos/$GITHUB_REPOSITORY/issues/$FEDPOLICY_PULL_REQUEST/comments" --field "body=@$body"
  fi
}

tell || echo '::warning title=fedpolicy::the comment could not be written; the job may lack pull-requests write permission'
