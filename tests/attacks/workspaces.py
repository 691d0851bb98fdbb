"""Workspaces that want to run code in the job that checks them. Whatever runs leaves a marker."""

from __future__ import annotations

from pathlib import Path

# Modules that a start of Python, venv, pip, the build or fedpolicy itself imports.
_MODULES = [
    "click.py",
    "collections/__init__.py",
    "ensurepip/__init__.py",
    "ensurepip/__main__.py",
    "fedpolicy/__init__.py",
    "fedpolicy/__main__.py",
    "fedpolicy/cli/__init__.py",
    "hatch_build.py",
    "hatchling/__init__.py",
    "hatchling/build.py",
    "json.py",
    "logging.py",
    "networkx.py",
    "os.py",
    "pip/__init__.py",
    "pip/__main__.py",
    "re.py",
    "setup.py",
    "site.py",
    "sitecustomize.py",
    "subprocess.py",
    "types.py",
    "usercustomize.py",
    "venv.py",
    "yaml/__init__.py",
]
_PROGRAMS = ["bash", "git", "mktemp", "pip", "python", "python3"]
_GITCONFIG = (
    "[core]\n\tfsmonitor = {program}\n\thooksPath = {folder}\n\tpager = {program}\n[alias]\n\tcat-file = !{program}\n"
)
_PIP = "[global]\nindex-url = file://{folder}/simple\ntarget = {folder}/target\nno-index = true\n"
_PYPROJECT = """\
[build-system]
requires = ["evil"]
build-backend = "hatch_build"
backend-path = ["."]
[tool.uv]
index-url = "file:///nowhere"
[tool.fedpolicy]
"""
_SETUP = (
    "[install]\nprefix = /nowhere\n[global]\ncommand_packages = evil\n[easy_install]\nindex_url = file:///nowhere\n"
)


def hostile(folder: Path, markers: Path) -> dict[str, str]:
    """Files of a workspace in `folder`; each that runs leaves a file in `markers`."""
    markers.mkdir()
    modules = {name: _leaving(markers, name) for name in _MODULES}
    programs = {f"bin/{name}": _touching(markers, name) for name in _PROGRAMS}
    program = folder / "bin" / "git"
    settings = {
        ".env": f"PYTHONPATH={folder}\nBASH_ENV={folder}/env.sh\n",
        ".gitconfig": _GITCONFIG.format(program=program, folder=folder / "bin"),
        ".netrc": "machine example.org login a password b\n",
        ".pip/pip.conf": _PIP.format(folder=folder),
        ".pydistutils.cfg": _SETUP,
        ".python-version": "2.7.18\n",
        "env.sh": _touching(markers, "env.sh"),
        "evil.pth": f"import sys; open({str(markers / 'pth')!r}, 'w').close()\n",
        "pip.conf": _PIP.format(folder=folder),
        "pyproject.toml": _PYPROJECT,
        "pyvenv.cfg": f"home = {folder}/bin\ninclude-system-site-packages = true\n",
        "setup.cfg": _SETUP,
    }
    return modules | programs | settings


def steering(folder: Path) -> dict[str, str]:
    """What a step that believes the workspace's environment file would set for all later steps."""
    program = str(folder / "bin" / "git")
    return {
        "BASH_ENV": str(folder / "env.sh"),
        "BASH_FUNC_git%%": f"() {{ {program}; }}",
        "BASH_FUNC_mktemp%%": f"() {{ {program}; }}",
        "CDPATH": str(folder),
        "ENV": str(folder / "env.sh"),
        "GIT_CONFIG_COUNT": "2",
        "GIT_CONFIG_KEY_0": "core.fsmonitor",
        "GIT_CONFIG_KEY_1": "core.pager",
        "GIT_CONFIG_VALUE_0": program,
        "GIT_CONFIG_VALUE_1": program,
        "GIT_DIR": str(folder / "nowhere"),
        "GIT_EXTERNAL_DIFF": program,
        "HATCH_BUILD_HOOKS_ENABLE": "true",
        "HOME": str(folder),
        "PIP_CONFIG_FILE": str(folder / "pip.conf"),
        "PIP_NO_INDEX": "1",
        "PIP_PYTHON": program,
        "PIP_TARGET": str(folder / "target"),
        "PYENV_VERSION": "2.7.18",
        "PYTHONHOME": str(folder),
        "PYTHONINSPECT": "1",
        "PYTHONPATH": str(folder),
        "PYTHONSTARTUP": str(folder / "types.py"),
        "PYTHONUSERBASE": str(folder),
        "PYTHONWARNINGS": "error::sitecustomize.Warning",
        "XDG_CONFIG_HOME": str(folder),
    }


def harmless() -> dict[str, str]:
    """Modules that a repository may well have: nobody attacks, and all the same they must not be found."""
    return dict.fromkeys(_MODULES, '"""A module of our own."""\n\nANSWER = 42\n')


def _leaving(markers: Path, name: str) -> str:
    return f"open({str(markers / name.replace('/', '-'))!r}, 'w').close()\nraise SystemExit(0)\n"


def _touching(markers: Path, name: str) -> str:
    return f"#!/bin/sh\n: >'{markers}/{name}'\nexit 0\n"
