"""XML, read as a stream: nothing is kept but what the two formats in it ask for."""

import re
from collections.abc import Callable
from io import BufferedReader
from typing import Protocol
from xml.sax.handler import ContentHandler
from xml.sax.xmlreader import AttributesImpl, InputSource

from connectors.activity_files.content import BLANKS, Content, RefusalError, printable
from connectors.activity_files.gpx import GpxDocument
from connectors.activity_files.tcx import TcxDocument
from daemon.domain.recording import Recording

_DEEPEST = 64
_LONGEST_TEXT = 10_000
_LONGEST_SILENCE = 1_000_000
"""Bytes without any element or text: one tag or comment that long is an attack on the memory."""
_DECLARED = re.compile(rb"""<\?xml[^>]*?\bencoding\s*=\s*["']([\w.:-]+)["']""")
_ENCODINGS = {
    "utf-8": "utf-8",
    "utf8": "utf-8",
    "us-ascii": "utf-8",
    "ascii": "utf-8",
    "iso-8859-1": "iso-8859-1",
    "latin1": "iso-8859-1",
    "windows-1252": "iso-8859-1",
}


class Document(Protocol):
    """A format in XML: hears of its elements, by local name, and of their text."""

    def opened(self, name: str, attributes: AttributesImpl) -> None:
        """Hear that an element begins."""

    def closed(self, name: str, parent: str, text: str) -> None:
        """Hear that an element ends, with the text since the last tag."""

    def recordings(self) -> tuple[Recording, ...]:
        """Return what was heard."""


_ROOTS: dict[str, Callable[[], Document]] = {"trainingcenterdatabase": TcxDocument, "gpx": GpxDocument}


def is_markup(content: Content) -> bool:
    """Tell whether the content begins as XML does."""
    head = content.head()
    text = head.decode("utf-16", "replace").encode(errors="replace") if content.is_utf16 else head
    return text.lstrip(BLANKS).startswith(b"<")


def read_markup(content: Content) -> tuple[Recording, ...]:
    """Read the activities of a TCX or GPX document."""
    from xml.sax import SAXParseException  # noqa: PLC0415 - both only where there is XML to read

    from defusedxml import DefusedXmlException, expatreader  # noqa: PLC0415

    listener = _Listener()
    parser = expatreader.create_parser(forbid_dtd=True)
    parser.setContentHandler(listener)
    try:
        parser.parse(_source(content, listener))
    except DefusedXmlException as error:
        raise RefusalError("declares a document type, which no activity does (a web page?); export it again") from error
    except SAXParseException as error:
        raise RefusalError(
            "damaged: broken XML at line {line}, column {column} (file cut short or altered); export it again",
            line=error.getLineNumber(),
            column=error.getColumnNumber(),
        ) from error
    return listener.recordings()


def _source(content: Content, listener: "_Listener") -> InputSource:
    source = InputSource()
    # Told to the parser, the encoding is not looked up by the name in the file: Python knows strange ones.
    source.setEncoding(_encoding(content))
    source.setByteStream(_Watched(content.stream, listener))
    return source


def _encoding(content: Content) -> str:
    if content.is_utf16:
        return "utf-16"
    declared = _DECLARED.match(content.head())
    name = declared.group(1).decode().lower() if declared else "utf-8"
    if name not in _ENCODINGS:
        raise RefusalError("is written in an encoding that activities do not use; export it again as UTF-8")
    return _ENCODINGS[name]


class _Listener(ContentHandler):
    """Hands each element to the document that the root announced."""

    def __init__(self) -> None:
        super().__init__()
        self.events = 0
        self._path = [""]
        self._text: list[str] = []
        self._room = _LONGEST_TEXT
        self._document: Document | None = None

    def startElement(self, name: str, attrs: AttributesImpl) -> None:  # noqa: N802 - SAX's name
        self.events += 1
        local = _local(name)
        if self._document is None:
            self._document = _document(local)
        if len(self._path) > _DEEPEST:
            raise RefusalError("is nested deeper than any activity; export it again")
        self._path.append(local)
        self._forget_text()
        self._document.opened(local, attrs)

    def endElement(self, name: str) -> None:  # noqa: ARG002, N802 - SAX's name
        self.events += 1
        local = self._path.pop()
        if self._document is not None:
            self._document.closed(local, self._path[-1], "".join(self._text).strip())
        self._forget_text()

    def characters(self, content: str) -> None:
        self.events += 1
        if self._room > 0:
            self._text.append(content[: self._room])
            self._room -= len(content)

    def recordings(self) -> tuple[Recording, ...]:
        """Return what the document heard."""
        return self._document.recordings() if self._document else ()

    def _forget_text(self) -> None:
        self._text.clear()
        self._room = _LONGEST_TEXT


class _Watched:
    """The bytes of a document, as long as the listener hears something of them."""

    def __init__(self, stream: BufferedReader, listener: _Listener) -> None:
        self._stream = stream
        self._listener = listener
        self._heard = 0
        self._silence = 0

    def read(self, size: int = -1, /) -> bytes:
        if self._listener.events != self._heard:
            self._heard = self._listener.events
            self._silence = 0
        if self._silence > _LONGEST_SILENCE:
            raise RefusalError("holds a single tag or comment of over 1 MB, which no activity does; export it again")
        chunk = self._stream.read(size)
        self._silence += len(chunk)
        return chunk

    def close(self) -> None:
        self._stream.close()


def _local(name: str) -> str:
    """Drop the prefix: exporters choose them freely, and some forget to declare theirs."""
    return name.rpartition(":")[2]


def _document(root: str) -> Document:
    try:
        return _ROOTS[root.lower()]()
    except KeyError:
        raise RefusalError(
            "is XML, but <{root}> is neither TCX nor GPX; export it as one of these", root=printable(root[:40])
        ) from None
