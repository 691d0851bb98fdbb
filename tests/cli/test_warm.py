"""A process that stays warm does what a cold one does, and nobody notices where it cannot be had."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import pytest

from fedpolicy.cli import warm

if sys.platform != "linux":
    pytest.skip("only on Linux is a copy of a process safe", allow_module_level=True)
from resource import RUSAGE_SELF, getrusage

from fedpolicy.cli import warm_copy, warm_server

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
    except (FileNotFoundError, ProcessLookupError):  # it may end between opening and reading
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
    return [one for one in found if one not in below(found)]  # its copies are called what it is


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
    for words, given in (
        (["check", str(EXAMPLE)], b""),
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
            found.append(int(about.parent.name))
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
        os.kill(copy, signal.SIGKILL)
        assert client.wait(10) == 3
        assert client.stderr.read() == b"fedpolicy failed: its process was killed by signal 9\n"


def test_what_hangs_or_dies_over_a_file_hits_nobody_else(tmp_path, monkeypatch):
    """A copy is killed over a file, and the next one leaves it out; clients of other copies do not notice."""
    monkeypatch.setattr(warm_copy, "command_line", work_that_is_lost_over_a)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        clients = {word: asking(tmp_path, word) for word in ("hangs", "dies", "lives")}
        warm_server.Server(listener, []).serve(0.1)
    codes = {word: client.recv(9) for word, client in clients.items()}
    said = {word: (tmp_path / word).read_bytes() for word in clients}
    for client in clients.values():
        client.close()

    assert codes == {"hangs": b"yes\n2\n", "dies": b"yes\n2\n", "lives": b"yes\n1\n"}
    assert said == {
        "hangs": b"begun\nlost a in time\n",
        "dies": b"begun\nlost a by death\n",
        "lives": b"begun\nlived\n",
    }


def asking(place, word, folder=None, out=""):
    """A client that hands over a word, whose output is a file, which is called like it if nobody says otherwise."""
    client = socket.socket(socket.AF_UNIX)
    client.connect(str(place / "s"))
    text = b"\0".join(map(os.fsencode, [warm.key_of(), str(folder or place), "18", "1", word]))
    with (place / (out or word)).open("wb") as file:
        socket.send_fds(client, [len(text).to_bytes(warm.FIRST, "big")], [file.fileno()] * warm.STREAMS)
    client.sendall(text)
    return client


def work_that_is_lost_over_a(words, watch):
    if watch.lost:
        ((file, died),) = watch.lost.items()
        sys.stdout.write(f"lost {file} {'by death' if died else 'in time'}\n")
        return 2
    watch.begin("a", 0.3)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    if words == ["hangs"]:
        time.sleep(60)
    if words == ["dies"]:
        os.kill(os.getpid(), signal.SIGKILL)
    time.sleep(0.1)
    sys.stdout.write("lived\n")
    return 1


def test_a_copy_does_check_after_check_and_each_says_what_a_cold_one_says(home, tmp_path, request):
    env, _ = home
    listening(env)
    cold = request.getfixturevalue("run")
    request.getfixturevalue("monkeypatch").setattr("fedpolicy.settings.time", time)  # the copy knows no other day
    shutil.copytree(ROOT / "tests/cli/pack", tmp_path / "rules")
    declared, settings, rule = tmp_path / "a.yaml", tmp_path / "fedpolicy.toml", tmp_path / "rules/inputs-kept.yaml"
    example, ruled = EXAMPLE.read_text(encoding="utf-8"), rule.read_text(encoding="utf-8")
    copies = set()

    def same(*words, given="", **more):
        now = run({**env, **more}, "check", *words, cwd=tmp_path, input=given.encode())
        there = cold("check", *words, env=more, input=given)
        expected = (there.exit_code, there.stdout, there.stderr)
        assert (now.returncode, now.stdout.decode(), b"\n".join([*said(now), b""]).decode().lstrip("\n")) == expected
        copies.update(below(servers(env["XDG_RUNTIME_DIR"])))
        return now.stdout

    declared.write_text(example, encoding="utf-8")
    first = same("a.yaml")
    assert b"\x1b[" in same("a.yaml", FORCE_COLOR="1", COLUMNS="60")
    declared.write_text(example.replace("name: clinical-notes", "name: another"), encoding="utf-8")
    assert b"another" in same("a.yaml", "--format", "json")
    settings.write_text("max_nodes = 2\n", encoding="utf-8")
    same("a.yaml")
    settings.unlink()
    before = same("a.yaml", "--pack", "./rules")
    rule.write_text(ruled.replace("default: 30", "default: 3"), encoding="utf-8")
    assert same("a.yaml", "--pack", "./rules") != before
    same("-", given=example)
    same("-", given="fedpolicy: 1\nname: x\nodd: 1\n")
    declared.unlink()
    same("a.yaml")
    declared.write_text(example, encoding="utf-8")
    assert same("a.yaml") == first
    assert len(copies) == 1


@pytest.mark.parametrize(
    ("word", "copies"),
    [
        ("0", 1),
        ("1", 1),
        ("2", 1),
        ("3", 2),
        ("130", 2),
        ("a module", 2),
        ("elsewhere", 2),
        ("stopped", 2),
        ("lost", 2),
    ],
)
def test_a_copy_goes_on_where_all_went_as_it_should_and_in_one_folder(word, copies, tmp_path, monkeypatch):
    monkeypatch.setattr(warm_copy, "command_line", work_that_tells_its_number)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(tmp_path / "s"))
        listener.listen()
        client = os.fork()
        if client == 0:
            for number in range(2):
                folder = tmp_path / f"{word if word == 'elsewhere' else ''}{number * (word == 'elsewhere')}"
                folder.mkdir(exist_ok=True)
                line = asking(tmp_path, word, folder=folder, out=f"out{number}")
                line.recv(len(warm.TAKEN))
                if word == "stopped":
                    time.sleep(0.1)
                    line.send(warm.STOP)
                while line.recv(9):
                    pass
            os._exit(0)
        warm_server.Server(listener, []).serve(0.2)
        os.waitpid(client, 0)
    numbers = [(tmp_path / f"out{number}").read_text(encoding="utf-8") for number in range(2)]

    assert all(numbers)
    assert len(set(numbers)) == copies


def work_that_tells_its_number(words, watch):
    if (
        words == ["lost"] and not watch.lost
    ):  # the copy that follows leaves the file out, and must not for the next client
        watch.begin("a", 0.1)
        time.sleep(5)
    sys.stdout.write(f"{os.getpid()}\n")
    if words == ["a module"]:
        sys.modules["of_one_check"] = sys
    if words == ["stopped"]:  # it ends as if nothing had been; another signal may be on its way
        with suppress(KeyboardInterrupt):
            time.sleep(5)
    return int(words[0]) if words[0].isdecimal() else 0


@pytest.mark.parametrize(
    "leave",
    [
        lambda: sys.modules.setdefault("of_one_check", sys),
        lambda: sys.path.append("of one check"),
        lambda: os.dup(0),
        lambda: threading.Thread(target=time.sleep, args=(9,), daemon=True).start(),
        lambda: os.fork() or time.sleep(0.1) or os._exit(0),
        lambda: signal.signal(signal.SIGTERM, signal.SIG_IGN),
        lambda: sys.setrecursionlimit(5000),
        lambda: bytearray(300 * 1024 * 1024),
    ],
    ids=["a module", "a place of modules", "a file", "a thread", "a process", "a handler", "a limit", "memory"],
)
def test_a_copy_notices_what_a_check_leaves_behind(leave):
    child = os.fork()
    if child == 0:
        # Beside all other tests this process is larger than any copy.
        warm_copy._LARGEST += getrusage(RUSAGE_SELF).ru_maxrss  # noqa: SLF001
        found = warm_copy._surroundings()  # noqa: SLF001
        same = warm_copy._surroundings() == found  # noqa: SLF001
        leave()
        os._exit(same and warm_copy._surroundings() != found)  # noqa: SLF001
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 1


def test_copies_end_with_the_process_that_watches_them(home, tmp_path):
    env, _ = home
    listening(env)
    for number in range(5):
        folder = tmp_path / str(number)
        folder.mkdir()
        assert run(env, "check", str(EXAMPLE), cwd=folder).returncode == 1
    (server,) = servers(env["XDG_RUNTIME_DIR"])
    copies = below([server])
    assert len(copies) == 4
    os.kill(server, signal.SIGKILL)
    wait_for(lambda: not any(map(is_alive, copies)))


def test_an_answer_that_comes_with_its_exit_code_is_no_refusal(monkeypatch):
    """Else the check would be done here once more, and shown twice."""
    monkeypatch.setattr(warm._signal, "signal", lambda *_: None)  # noqa: SLF001
    client, server = socket.socketpair()
    with client, server:
        server.sendall(warm.TAKEN + b"2\n")
        assert warm._asked(client, ["check"], "key")  # noqa: SLF001
        assert warm._awaited(client) == 2  # noqa: SLF001
