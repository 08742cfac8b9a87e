"""Commands reach the running service over a socket in the state folder: one JSON line each way."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any, TypeAlias

from daemon.remote import SOCKET_NAME, Answer, RefusedError, refusal, short
from daemon.store import StoreError

LINE_LIMIT = 65536
PATIENCE_S = 10.0

Handler: TypeAlias = Callable[[Mapping[str, Any]], Awaitable[Answer]]


@asynccontextmanager
async def listening(state: Path, handlers: Mapping[str, Handler]) -> AsyncIterator[None]:
    """Answer commands for as long as the context is open."""
    path = state / SOCKET_NAME
    path.unlink(missing_ok=True)  # of a service that was killed; the lock says that there is no other
    line = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    with short(state) as folder:
        line.bind(str(folder / SOCKET_NAME))
    path.chmod(0o600)

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError, TimeoutError, ValueError):
            async with asyncio.timeout(PATIENCE_S):
                asked = await reader.readline()
                writer.write(json.dumps(await _answer(handlers, asked)).encode() + b"\n")
                await writer.drain()
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_unix_server(answer, sock=line, limit=LINE_LIMIT)
    try:
        yield
    finally:
        server.close()
        path.unlink(missing_ok=True)


async def _answer(handlers: Mapping[str, Handler], asked: bytes) -> Answer:
    request = json.loads(asked)
    handler = handlers.get(str(request.get("command"))) if isinstance(request, dict) else None
    if handler is None:
        return refusal(RefusedError("this service does not know that command: is it of the same version?"))
    try:
        return await handler(request)
    except RefusedError as refused:
        return refusal(refused)
    except StoreError as error:
        return refusal(RefusedError("{trouble}", trouble=str(error)))
