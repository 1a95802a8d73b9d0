"""Compiled code on disk: found again, and never taken from where somebody else could have put it."""

from __future__ import annotations

import multiprocessing
import os
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from wasicloud_host import errors
from wasicloud_host.runtime import artifacts

CODE = bytes(range(256)) * 400


def read(path: str) -> bytes:
    return Path(path).read_bytes()[: len(CODE)]


@pytest.fixture
def cache(tmp_path: Path) -> artifacts.Cache:
    return artifacts.Cache(tmp_path)


def only(cache: artifacts.Cache) -> Path:
    (path,) = cache.directory.iterdir()
    return path


def test_what_was_stored_is_loaded(cache: artifacts.Cache) -> None:
    assert cache.load("a", read) is None
    cache.store("a", CODE)
    assert cache.load("a", read) == CODE
    assert cache.load("b", read) is None


def test_another_process_finds_it(tmp_path: Path, cache: artifacts.Cache) -> None:
    cache.store("a", CODE)
    assert artifacts.Cache(tmp_path).load("a", read) == CODE


def test_only_this_user_may_look_or_write(cache: artifacts.Cache) -> None:
    cache.store("a", CODE)
    assert stat.S_IMODE(cache.directory.stat().st_mode) == 0o700
    assert stat.S_IMODE(only(cache).stat().st_mode) == 0o600


def test_a_directory_that_everybody_may_write_gets_a_private_one_inside(tmp_path: Path) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    shared.chmod(0o777)
    cache = artifacts.Cache(shared)
    cache.store("a", CODE)
    assert cache.load("a", read) == CODE


@pytest.mark.parametrize("mode", [0o770, 0o707, 0o777, 0o720])
def test_a_private_directory_that_others_may_write_is_refused(tmp_path: Path, mode: int) -> None:
    cache = artifacts.Cache(tmp_path)
    cache.store("a", CODE)
    cache.directory.chmod(mode)
    with pytest.raises(errors.ConfigInvalid, match="cacheDirectory"):
        artifacts.Cache(tmp_path)
    with pytest.raises(errors.ConfigInvalid):
        cache.load("a", read)


def test_a_symbolic_link_in_place_of_the_private_directory_is_refused(tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir(mode=0o700)
    (tmp_path / f"artifacts-{os.geteuid()}").symlink_to(elsewhere)
    with pytest.raises(errors.ConfigInvalid):
        artifacts.Cache(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")
def test_a_private_directory_of_somebody_else_is_refused(tmp_path: Path) -> None:
    cache = artifacts.Cache(tmp_path)
    os.chown(cache.directory, 12345, 12345)
    with pytest.raises(errors.ConfigInvalid):
        artifacts.Cache(tmp_path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files to somebody else")
def test_a_file_of_somebody_else_is_not_loaded(cache: artifacts.Cache) -> None:
    cache.store("a", CODE)
    os.chown(only(cache), 12345, 12345)
    assert cache.load("a", read) is None


def _flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def _hard_link(path: Path) -> None:
    os.link(path, path.parent.parent / "other-name")


def _by_link(path: Path) -> None:
    moved = path.parent.parent / "moved"
    path.rename(moved)
    path.symlink_to(moved)


def _fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


SPOILED: dict[str, Callable[[Path], object]] = {
    "a changed first byte": lambda path: _flip(path, 0),
    "a changed byte in the middle": lambda path: _flip(path, len(CODE) // 2),
    "a changed digest": lambda path: _flip(path, -1),
    "cut short": lambda path: os.truncate(path, len(CODE) // 2),
    "without its last byte": lambda path: os.truncate(path, path.stat().st_size - 1),
    "empty": lambda path: os.truncate(path, 0),
    "something else": lambda path: path.write_bytes(b"\x7fELF" + CODE),
    "only a trailer": lambda path: path.write_bytes(path.read_bytes()[len(CODE) :]),
    "writable by others": lambda path: path.chmod(0o622),
    "with a second name": _hard_link,
    "behind a symbolic link": _by_link,
    "a pipe": _fifo,
}


@pytest.mark.parametrize("spoil", SPOILED.values(), ids=SPOILED)
def test_a_spoiled_file_is_not_loaded_and_can_be_replaced(
    cache: artifacts.Cache, spoil: Callable[[Path], object]
) -> None:
    cache.store("a", CODE)
    spoil(only(cache))
    assert cache.load("a", read) is None
    cache.store("a", CODE)
    assert cache.load("a", read) == CODE


def test_what_the_reader_refuses_is_thrown_away(cache: artifacts.Cache) -> None:
    cache.store("a", CODE)

    def refuse(_: str) -> bytes:
        raise ValueError("another version")

    assert cache.load("a", refuse) is None
    assert list(cache.directory.iterdir()) == []


def test_a_name_cannot_leave_the_directory() -> None:
    assert "/" not in artifacts.key("../../etc", b"/")
    assert artifacts.key("ab", "c") != artifacts.key("a", "bc")


def test_the_least_recently_used_go_when_there_is_too_much(tmp_path: Path) -> None:
    cache = artifacts.Cache(tmp_path, limit=3 * (len(CODE) + 100))
    now = time.time()
    for number, name in enumerate("abc"):
        cache.store(name, CODE)
        os.utime(cache.directory / f"{name}.cwasm", (now - 100 + number, now - 100 + number))
    assert cache.load("a", read) == CODE
    cache.store("d", CODE)
    assert cache.load("b", read) is None
    assert [cache.load(name, read) for name in "acd"] == [CODE] * 3


def test_one_larger_than_the_limit_is_kept_alone(tmp_path: Path) -> None:
    cache = artifacts.Cache(tmp_path, limit=10)
    cache.store("a", CODE)
    cache.store("b", CODE)
    assert cache.load("a", read) is None
    assert cache.load("b", read) == CODE


def test_rests_of_a_writer_that_died_are_cleared_away(cache: artifacts.Cache) -> None:
    rest = cache.directory / "tmpabc.new"
    rest.write_bytes(b"half")
    os.utime(rest, (1, 1))
    cache.store("a", CODE)
    assert not rest.exists()


def test_a_full_disk_costs_the_cache_only(cache: artifacts.Cache, caplog: pytest.LogCaptureFixture) -> None:
    for path in cache.directory.iterdir():
        path.unlink()
    cache.directory.rmdir()
    cache.store("a", CODE)
    assert "Could not keep" in caplog.text


def test_a_directory_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(errors.ConfigInvalid, match=r"cacheDirectory: .*file"):
        artifacts.Cache(tmp_path / "file" / "cache")


def test_one_compiles_while_the_others_wait(tmp_path: Path) -> None:
    compiled: list[int] = []

    def start(number: int) -> None:
        cache = artifacts.Cache(tmp_path)
        with cache.compiling():
            if cache.load("a", read) is None:
                compiled.append(number)
                time.sleep(0.05)
                cache.store("a", CODE)

    threads = [threading.Thread(target=start, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(compiled) == 1


def _write_and_read(directory: Path, seed: int) -> None:
    cache = artifacts.Cache(directory)
    for turn in range(40):
        cache.store(f"shared-{turn % 3}", CODE)
        found = cache.load(f"shared-{(turn + seed) % 3}", read)
        assert found in (None, CODE)


def test_processes_that_write_the_same_names_never_see_half_a_file(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_write_and_read, args=(tmp_path, seed)) for seed in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert [process.exitcode for process in processes] == [0, 0, 0]
    assert {path.suffix for path in artifacts.Cache(tmp_path).directory.iterdir()} == {".cwasm"}
