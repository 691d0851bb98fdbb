# shellcheck shell=bash
# Sourced by the other scripts. They run in a workspace that somebody else has written: nothing in it may become code.

# Variables by which an environment file of the workspace could steer Python, pip, git, or a script that they start.
unset_steering() {
  local name
  for name in $(compgen -e); do
    case $name in
      PYTHON* | PIP_* | PYENV_* | VIRTUAL_ENV* | CONDA_* | UV_* | HATCH_* | GIT_* | XDG_CONFIG_* | BASH_ENV | ENV | CDPATH)
        unset "$name"
        ;;
    esac
  done
}

# Where files of the action go: never into the workspace, which some programs search for settings and modules.
folder_for() { mktemp -d "${RUNNER_TEMP:-/tmp}/fedpolicy-$1.XXXXXX"; }

# `-I` takes no module from the working folder, and no variable of Python's.
isolated() { "$FEDPOLICY_BIN/python" -I -X utf8 "$@"; }

# Asks the repository and runs nothing that it names: no hook, no monitor, no fetching, no repository among its files.
quiet_git() {
  GIT_NO_LAZY_FETCH=1 GIT_ALLOW_PROTOCOL=none GIT_NO_REPLACE_OBJECTS=1 GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 \
    git --no-pager -c safe.bareRepository=explicit -c core.fsmonitor=false -c core.hooksPath=/dev/null "$@"
}

unset_steering
