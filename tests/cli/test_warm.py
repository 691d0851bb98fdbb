"""A process that stays warm does what a cold one does, and nobody notices where it cannot be had."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from fedpolicy.cli import warm

if sys.platform != "linux":
    pytest.skip("only on Linux is a copy of a process safe", allow_module_level=True)
from fedpolicy.cli import warm_server

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples/clinical-notes/deployment.yaml"
SHOWN = [sys.executable, "-P", "-X", "importtime", "-m", "fedpolicy"]  # tells on stderr what the process has loaded


def wait_for(what):
    until = time.monotonic() + 30
    while not (found := what()):
        assert time.monotonic() < until
        time.sleep(0.05)
    return found


def is_alive(number):
    try:
        return Path(f"/proc/{number}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def servers(folder):
    found = []
    for about in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = about.read_bytes()
        except OSError:
            continue
        if b"warm_server" in words and os.fsencode(folder) in words:
            found.append(int(about.parent.name))
    return found


@pytest.fixture(scope="module")
def home(tmp_path_factory):
    """Give the environment of somebody who keeps a process; it has been started, and listens."""
    folder = tmp_path_factory.mktemp("run")
    folder.chmod(0o700)
    kept = {name: value for name, value in os.environ.items() if name.startswith(("PATH", "LC_", "LANG"))}
    env = {**kept, "PYTHONPATH": str(ROOT), "XDG_RUNTIME_DIR": str(folder), "FEDPOLICY_WARM": "1"}
    first = run(env, "check", str(EXAMPLE))
    assert b"click" in first.stderr
    yield env, first
    for number in servers(folder):
        os.kill(number, signal.SIGKILL)


def run(env, *words, **options):
    return subprocess.run([*SHOWN, *words], capture_output=True, check=False, env=env, **options)


def listening(env):
    """The socket of the process that answers."""
    folder = Path(env["XDG_RUNTIME_DIR"]) / "fedpolicy"
    return wait_for(lambda: [path for path in folder.glob("*") if path.is_socket()])[0]


def said(done):
    """What a run has written but for what it has loaded."""
    return [line for line in done.stderr.splitlines() if not line.startswith(b"import time:")]


def test_it_says_what_a_cold_one_says_and_loads_nothing(home, tmp_path):
    env, first = home
    listening(env)
    (tmp_path / "wrong.yaml").write_text("fedpolicy: 1\nname: x\nodd: 1\n", encoding="utf-8")
    for words, given in (
        (["check", str(EXAMPLE)], b""),
        (["check", "wrong.yaml", "--isolated"], b""),
        (["check", "-", "--format", "json"], EXAMPLE.read_bytes()),
        (["check", "--no-such-option"], b""),
    ):
        now = run(env, *words, cwd=tmp_path, input=given)
        cold = run({**env, "FEDPOLICY_WARM": ""}, *words, cwd=tmp_path, input=given)
        assert (now.returncode, now.stdout, said(now)) == (cold.returncode, cold.stdout, said(cold)), words
        assert (b"click" in now.stderr, b"click" in cold.stderr) == (False, True), words
    assert run(env, "check", str(EXAMPLE)).stdout == first.stdout


def test_of_two_one_stays_and_what_one_that_was_killed_left_is_no_obstacle(home):
    env, _ = home
    place = listening(env)
    (one,) = servers(env["XDG_RUNTIME_DIR"])
    os.kill(one, signal.SIGKILL)
    wait_for(lambda: not is_alive(one))
    assert place.is_socket()

    assert all(b"click" in run(env, "check", "--help").stderr for _ in range(2))  # each of them starts another one
    wait_for(lambda: b"click" not in run(env, "check", "--help").stderr)
    wait_for(lambda: len(servers(env["XDG_RUNTIME_DIR"])) == 1)


def test_whoever_stops_the_client_stops_the_work(home):
    env, _ = home
    listening(env)
    for stop, code in ((signal.SIGINT, 130), (signal.SIGTERM, 130), (signal.SIGKILL, -9)):
        command = [sys.executable, "-P", "-m", "fedpolicy", "check", "-"]
        with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stderr=subprocess.DEVNULL) as client:
            copies = wait_for(lambda: below(servers(env["XDG_RUNTIME_DIR"])))
            time.sleep(0.3)  # it waits for its input now
            client.send_signal(stop)
            assert client.wait(10) == code
            client.stdin.close()
        wait_for(lambda copies=copies: not any(map(is_alive, copies)))


def below(parents):
    """Processes that these have started."""
    found = []
    for about in Path("/proc").glob("[0-9]*/stat"):
        try:
            parent = int(about.read_text(encoding="utf-8").rpartition(")")[2].split()[1])
        except (FileNotFoundError, ProcessLookupError):
            continue
        if parent in parents and is_alive(about.parent.name):
            found.append(about.parent.name)
    return found


@pytest.mark.parametrize("wrong", ["open to others", "a link", "a file"])
def test_a_folder_that_is_not_ours_alone_is_not_used(wrong, tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    folder = tmp_path / "fedpolicy"
    assert warm.folder_of() == str(folder)
    folder.rmdir()

    if wrong == "open to others":
        folder.mkdir()
        folder.chmod(0o750)
    elif wrong == "a link":
        (tmp_path / "elsewhere").mkdir(0o700)
        folder.symlink_to(tmp_path / "elsewhere")
    else:
        folder.touch(0o600)
    assert warm.folder_of() is None
    assert warm.handed_over(["check"]) is None


@pytest.mark.parametrize(
    ("minutes", "words"), [("", ["check"]), ("0", ["check"]), ("ten", ["check"]), ("5", ["facts"])]
)
def test_nobody_gets_one_who_has_not_asked_for_it(minutes, words, tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("FEDPOLICY_WARM", minutes)

    assert warm.handed_over(words) is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("changed", "key", "goes_on"), [("gone", "", False), ("new", "", False), ("", "of another one", True)]
)
def test_one_that_is_not_the_same_any_more_denies_and_ends(changed, key, goes_on, tmp_path):
    source = tmp_path / "source.py"
    source.write_text("old", encoding="utf-8")
    before = source.stat()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        server = warm_server.Server(listener, [str(source)])
        if changed == "gone":
            source.unlink()
        elif changed:
            source.write_text(changed, encoding="utf-8")
            os.utime(source, ns=(before.st_atime_ns, before.st_mtime_ns))
        client.connect(str(tmp_path / "s"))
        answers = []
        ask = threading.Thread(target=lambda: answers.append(warm._asked(client, ["check"], key or warm.key_of())))  # noqa: SLF001
        ask.start()
        assert server.answer(listener) is goes_on
        ask.join()

    assert answers == [False]


def test_no_process_is_started_that_could_not_listen(tmp_path, monkeypatch):
    tmp_path.chmod(0o700)
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    monkeypatch.setenv("FEDPOLICY_WARM", "1")
    monkeypatch.setattr(warm.os, "access", lambda *_: False)
    monkeypatch.setattr(warm.os, "posix_spawn", lambda *_, **__: pytest.fail("started"))

    assert warm.handed_over(["check"]) is None
    assert list((tmp_path / "fedpolicy").iterdir()) == []


def test_a_copy_that_is_killed_is_told_of_as_without_it(home):
    env, _ = home
    listening(env)
    command = [sys.executable, "-P", "-m", "fedpolicy", "check", "-"]
    with subprocess.Popen(command, env=env, stdin=subprocess.PIPE, stderr=subprocess.PIPE) as client:
        (copy,) = wait_for(lambda: below(servers(env["XDG_RUNTIME_DIR"])))
        os.kill(int(copy), signal.SIGKILL)
        assert client.wait(10) == 3
        assert client.stderr.read() == b"fedpolicy failed: its process was killed by signal 9\n"


def test_a_file_that_takes_too_long_is_told_of_and_the_others_are_checked(tmp_path, monkeypatch):
    """A copy is killed over a file; the next one leaves it out."""
    report = tmp_path / "report"
    with report.open("w+b") as out, socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as client:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        client.connect(str(tmp_path / "s"))
        monkeypatch.setattr(warm_server, "_become", work_that_hangs_over_a)
        monkeypatch.setattr(warm, "STREAMS", 0)
        monkeypatch.setattr(
            warm_server.socket, "recv_fds", lambda line, size, _: (line.recv(size), [os.dup(out.fileno())])
        )
        ask = threading.Thread(target=lambda: warm._asked(client, ["check"], warm.key_of()))  # noqa: SLF001
        ask.start()
        server = warm_server.Server(listener, [])
        assert server.answer(listener)
        ask.join()
        server._listener = None  # noqa: SLF001  it ends with this work
        server.serve(1)
        assert client.recv(9) == b"2\n"
    assert report.read_bytes() == b"begun\nlost a\n"


def work_that_hangs_over_a(request, watch):
    if watch.lost:
        os.write(request.streams[0], b"lost " + b" ".join(map(os.fsencode, watch.lost)) + b"\n")
        return 2
    watch.begin("a", 0.2)
    os.write(request.streams[0], b"begun\n")
    time.sleep(60)
    return 0
