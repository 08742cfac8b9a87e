"""Whatever a file holds, it is read or refused."""

from collections.abc import Callable
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.activity_files import ActivityFileError, read_recordings
from tests.activity_builders import clock, fit_file
from tests.edges.activity_files.reading import WHOLE
from tests.spoiling import flipped

formats = st.sampled_from(sorted(WHOLE))


@pytest.fixture(scope="module")
def attempt(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], None]:
    """Return what reads content and forgives the one error that may come of it."""
    path = tmp_path_factory.mktemp("any") / "run"

    def read_or_refuse(content: bytes) -> None:
        path.write_bytes(content)
        try:
            recordings = read_recordings(path)
        except ActivityFileError:
            return
        assert recordings
        for recording in recordings:
            instants = [sample.at for sample in recording.samples]
            assert instants == sorted(instants)
            assert all(0 <= at <= recording.duration_s for at in instants)
            assert recording.started_at.tzinfo is UTC

    return read_or_refuse


class TestAnyContent:
    @given(content=st.binary(max_size=300))
    def test_random_bytes_are_read_or_refused(self, attempt: Callable[[bytes], None], content: bytes) -> None:
        attempt(content)

    @given(body=st.binary(max_size=200))
    def test_random_messages_with_a_right_checksum_are_read_or_refused(
        self, attempt: Callable[[bytes], None], body: bytes
    ) -> None:
        attempt(fit_file(body))

    @given(kind=formats, data=st.data())
    def test_a_file_cut_anywhere_is_read_or_refused(
        self, attempt: Callable[[bytes], None], kind: str, data: st.DataObject
    ) -> None:
        attempt(WHOLE[kind][: data.draw(st.integers(0, len(WHOLE[kind])))])

    @given(kind=formats, data=st.data())
    def test_a_file_with_flipped_bits_is_read_or_refused(
        self, attempt: Callable[[bytes], None], kind: str, data: st.DataObject
    ) -> None:
        attempt(flipped(WHOLE[kind], data))

    @given(data=st.data())
    def test_messages_with_flipped_bits_and_a_right_checksum_are_read_or_refused(
        self, attempt: Callable[[bytes], None], data: st.DataObject
    ) -> None:
        attempt(fit_file(flipped(WHOLE["fit"][14:-2], data)))

    @given(text=st.text(alphabet='<>/="!?[]&; \n:-,.0123456789EN+', max_size=60), kind=st.sampled_from(["tcx", "gpx"]))
    def test_any_text_in_place_of_a_time_is_read_or_refused(
        self, attempt: Callable[[bytes], None], text: str, kind: str
    ) -> None:
        attempt(WHOLE[kind].replace(clock(1).encode(), text.encode()))
