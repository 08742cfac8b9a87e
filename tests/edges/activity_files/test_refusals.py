"""What is no activity file, or a hostile one, is refused in one plain line and little memory."""

import gzip
import os
import pickle
import subprocess
import sys
import tracemalloc
from collections.abc import Callable
from pathlib import Path

import pytest

from connectors.activity_files import ActivityFileError, RefusalError, read_recordings
from tests.activity_builders import fit_file, fit_record, gpx_file, gpx_track, walked
from tests.edges.activity_files.reading import Write

BILLION_LAUGHS = (
    b'<?xml version="1.0"?><!DOCTYPE gpx [<!ENTITY a0 "ha">'
    + b"".join(b'<!ENTITY a%d "%s">' % (depth, b"&a%d;" % (depth - 1) * 10) for depth in range(1, 10))
    + b"]><gpx><trk><name>&a9;</name></trk></gpx>"
)


class TestRefusals:
    @pytest.mark.parametrize(
        ("prepare", "reason"),
        [
            pytest.param(lambda _: None, "no such file", id="missing"),
            pytest.param(lambda path: path.mkdir(), "is a folder", id="folder"),
            pytest.param(lambda path: path.touch(), "is empty", id="empty"),
            pytest.param(lambda path: path.write_bytes(b" \r\n" * 99), "is empty", id="blank"),
            pytest.param(lambda path: path.write_bytes(gzip.compress(b"")), "is empty", id="packed-nothing"),
            pytest.param(os.mkfifo, "is not an ordinary file", id="pipe"),
            pytest.param(lambda path: path.symlink_to(path), "cannot be read", id="link-to-itself"),
            pytest.param(
                lambda path: path.write_bytes(b"PK\x03\x04..."),
                "is an archive; bring it in with duurloop import",
                id="zip",
            ),
        ],
    )
    def test_a_path_without_content_is_refused(
        self, tmp_path: Path, prepare: Callable[[Path], object], reason: str
    ) -> None:
        path = tmp_path / "run.fit"
        prepare(path)
        with pytest.raises(ActivityFileError, match=f"^run.fit: .*{reason}"):
            read_recordings(path)

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
    def test_a_file_of_others_is_refused(self, write: Write) -> None:
        path = write("run.fit", b"x")
        path.chmod(0)
        with pytest.raises(ActivityFileError, match="may not be read"):
            read_recordings(path)

    @pytest.mark.parametrize("name", ["a\nb.fit", "\x1b[31m.fit", "caf\udce9.fit"], ids=["line", "escape", "bytes"])
    def test_the_message_is_one_plain_line_whatever_the_name(self, tmp_path: Path, name: str) -> None:
        with pytest.raises(ActivityFileError) as caught:
            read_recordings(tmp_path / name)
        assert str(caught.value).isprintable()

    def test_an_impossible_path_is_refused(self) -> None:
        with pytest.raises(ActivityFileError, match="is no possible path"):
            read_recordings(Path("a\0b"))

    def test_an_error_survives_the_way_between_processes(self) -> None:
        whole = ActivityFileError(Path("a/run.fit"), RefusalError("over {limit} MB", limit=200))
        error = pickle.loads(pickle.dumps(whole))  # noqa: S301 - our own
        assert (error.path, str(error)) == (Path("a/run.fit"), "run.fit: over 200 MB")

    @pytest.mark.parametrize(
        ("content", "reason"),
        [
            pytest.param(b"<gpx><trk>", "broken XML at line 1", id="cut-short"),
            pytest.param(b"<gpx>\n<trk></gpx>", "broken XML at line 2", id="crossed-tags"),
            pytest.param(b"<gpx>&nbsp;</gpx>", "broken XML", id="unknown-entity"),
            pytest.param(b"<gpx>\xff\xfe\xfd</gpx>", "broken XML", id="not-utf-8"),
            pytest.param(b"<kml></kml>", "<kml> is neither TCX nor GPX", id="another-format"),
            pytest.param(b"<!DOCTYPE html><html></html>", "declares a document type", id="web-page"),
            pytest.param(
                b'<!DOCTYPE gpx [<!ENTITY a "b"><!ENTITY c "&a;&a;">]><gpx>&c;</gpx>',
                "declares a document type",
                id="entities",
            ),
            pytest.param(BILLION_LAUGHS, "declares a document type", id="billion-laughs"),
            pytest.param(
                b'<!DOCTYPE gpx SYSTEM "file:///etc/passwd"><gpx/>', "declares a document type", id="outside-entity"
            ),
            pytest.param(b'<?xml version="1.0" encoding="unicode_escape"?><gpx/>', "an encoding", id="odd-encoding"),
            pytest.param(b"<gpx>" + b"<a>" * 100_000, "nested deeper", id="deep"),
            pytest.param(b"<gpx " + b"a" * 3_000_000, "single tag or comment", id="endless-tag"),
            pytest.param(b"<gpx><!--" + b"a" * 3_000_000, "single tag or comment", id="endless-comment"),
            pytest.param(b"<gpx>" + b"<trk/>" * 10_001 + b"</gpx>", "over 10000 activities", id="countless-tracks"),
        ],
    )
    def test_bad_xml_is_refused(self, refusal: Callable[[bytes], str], content: bytes, reason: str) -> None:
        assert reason in refusal(content)

    @pytest.mark.parametrize(
        "spoil",
        [
            pytest.param(lambda packed: packed[:-10], id="cut-short"),
            pytest.param(lambda packed: packed[:-6] + b"??????", id="checksum"),
            pytest.param(lambda packed: packed[:10] + b"\xff" * 30, id="rubbish"),
            pytest.param(lambda packed: packed[:4], id="no-header"),
        ],
    )
    def test_bad_packing_is_refused(self, refusal: Callable[[bytes], str], spoil: Callable[[bytes], bytes]) -> None:
        packed = gzip.compress(gpx_file(gpx_track(walked(range(99), 2.5))))
        assert "does not unpack" in refusal(spoil(packed))

    def test_a_giant_is_refused_unread(self, tmp_path: Path) -> None:
        path = tmp_path / "run.tcx"
        with path.open("wb") as file:
            file.truncate(2_000_000_000)
        with pytest.raises(ActivityFileError, match="too large: over 200 MB"):
            read_recordings(path)

    def test_a_format_is_refused_above_its_own_limit(self, tmp_path: Path) -> None:
        path = tmp_path / "run.fit"
        with path.open("wb") as file:
            file.write(fit_file(fit_record(0, 120)))
            file.truncate(40_000_000)
        with pytest.raises(ActivityFileError, match="too large: over 32 MB"):
            read_recordings(path)

    @pytest.mark.parametrize(
        ("start", "most"),
        [
            pytest.param(b"", 200, id="blanks"),
            pytest.param(b"<gpx>", 100, id="blanks-in-xml"),
        ],
    )
    def test_what_unpacks_to_gigabytes_is_refused_in_little_memory(self, write: Write, start: bytes, most: int) -> None:
        path = write("bomb.gz", b"".join(gzip.compress(part) for part in (start, *[b" " * 10_000_000] * 21)))
        tracemalloc.start()
        with pytest.raises(ActivityFileError, match=f"too large: over {most} MB"):
            read_recordings(path)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 5_000_000

    def test_more_points_than_any_run_are_refused(self, refusal: Callable[[bytes], str]) -> None:
        assert "over 500000 points" in refusal(b"800\n" * 500_001)

    def test_reading_nothing_costs_nothing(self) -> None:
        code = "import sys, connectors.activity_files; print({'fitdecode', 'defusedxml'} & {*sys.modules})"
        told = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, check=True, text=True, cwd=Path(__file__).parents[3]
        )
        assert told.stdout.strip() == "set()"
