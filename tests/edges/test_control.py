"""Commands over the socket in the state folder: one line of JSON each way, whatever comes in."""

import asyncio
import json
import socket
import stat
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest

from daemon.control import LINE_LIMIT, listening
from daemon.remote import SOCKET_NAME, Answer, NoAnswerError, NotRunningError, RefusedError, ask
from daemon.store import StoreError


async def echo(asked: Mapping[str, Any]) -> Answer:
    return {"heard": dict(asked)}


async def refuse(asked: Mapping[str, Any]) -> Answer:
    raise RefusedError("no runner named {name} lives here", name=asked["runner"])


async def fall_ill(asked: Mapping[str, Any]) -> Answer:
    del asked
    raise StoreError("database: disk I/O error")


@pytest.fixture
async def state(tmp_path: Path) -> AsyncIterator[Path]:
    async with listening(tmp_path, {"echo": echo, "refuse": refuse, "status": fall_ill}):
        yield tmp_path


async def say(state: Path, words: bytes) -> bytes:
    """Send these bytes and return all that comes back."""
    reader, writer = await asyncio.open_unix_connection(str(state / SOCKET_NAME))
    writer.write(words)
    answer = await reader.read()
    writer.close()
    await writer.wait_closed()
    return answer


async def test_a_command_reaches_its_handler_and_the_answer_comes_back(state: Path) -> None:
    answer = await asyncio.to_thread(ask, state, "echo", runner="Zoë", for_s=90.0)
    assert answer == {"heard": {"command": "echo", "runner": "Zoë", "for_s": 90.0}}


async def test_one_command_after_the_other_and_several_at_once_are_answered(state: Path) -> None:
    answers = await asyncio.gather(*(asyncio.to_thread(ask, state, "echo", number=number) for number in range(10)))
    assert [answer["heard"]["number"] for answer in answers] == list(range(10))


async def test_a_refusal_says_why(state: Path) -> None:
    with pytest.raises(RefusedError, match="no runner named Jan lives here"):
        await asyncio.to_thread(ask, state, "refuse", runner="Jan")


async def test_a_service_whose_database_fails_says_so_and_does_not_seem_to_be_gone(state: Path) -> None:
    with pytest.raises(RefusedError, match="disk I/O error"):
        await asyncio.to_thread(ask, state, "status")


async def test_a_command_of_another_version_is_refused(state: Path) -> None:
    with pytest.raises(RefusedError, match="same version"):
        await asyncio.to_thread(ask, state, "dance")


@pytest.mark.parametrize("words", [b"[]\n", b"null\n", b'"echo"\n', b'{"command": ["echo"]}\n', b"{}\n"])
async def test_json_that_is_no_command_is_refused(words: bytes, state: Path) -> None:
    assert "refused" in json.loads(await say(state, words))


@pytest.mark.parametrize(
    "words", [b"\n", b"GET / HTTP/1.1\r\n\r\n", b"\xff\xfe\n", b"x" * (2 * LINE_LIMIT) + b"\n"], ids=range(4)
)
async def test_what_is_no_json_gets_no_answer_and_harms_nobody(words: bytes, state: Path) -> None:
    with suppress(ConnectionResetError):  # hung up on in the middle of a line that never ends
        assert await say(state, words) == b""
    assert "heard" in await asyncio.to_thread(ask, state, "echo")


async def test_whoever_hangs_up_early_harms_nobody(state: Path) -> None:
    for words in (b"", b'{"command": "echo"}\n'):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            line.connect(str(state / SOCKET_NAME))
            line.sendall(words)
    assert "heard" in await asyncio.to_thread(ask, state, "echo")


async def test_only_its_owner_may_speak_to_it(state: Path) -> None:
    assert stat.S_IMODE((state / SOCKET_NAME).stat().st_mode) == 0o600


async def test_the_socket_of_a_service_that_was_killed_is_replaced(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as dead:
        dead.bind(str(tmp_path / SOCKET_NAME))
    with pytest.raises(NotRunningError):
        ask(tmp_path, "echo")
    async with listening(tmp_path, {"echo": echo}):
        assert "heard" in await asyncio.to_thread(ask, tmp_path, "echo")


async def test_afterwards_nobody_answers_and_nothing_is_left(tmp_path: Path) -> None:
    async with listening(tmp_path, {"echo": echo}):
        pass
    assert not (tmp_path / SOCKET_NAME).exists()
    with pytest.raises(NotRunningError):
        ask(tmp_path, "echo")


def test_a_state_folder_that_is_not_there_is_a_service_that_does_not_run(tmp_path: Path) -> None:
    with pytest.raises(NotRunningError):
        ask(tmp_path / "nowhere", "echo")


async def test_a_state_folder_with_a_very_long_name_works_too(tmp_path: Path) -> None:
    deep = tmp_path / ("so_many_letters_" * 8) / ("and_even_more_" * 8)
    deep.mkdir(parents=True)
    async with listening(deep, {"echo": echo}):
        assert "heard" in await asyncio.to_thread(ask, deep, "echo")


async def test_a_service_that_hangs_up_without_an_answer_is_there_all_the_same(tmp_path: Path) -> None:
    async def hang_up(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_unix_server(hang_up, str(tmp_path / SOCKET_NAME))
    async with server:
        with pytest.raises(NoAnswerError, match="does not answer"):
            await asyncio.to_thread(ask, tmp_path, "echo")
