"""Files of texts as programs and people really write them: read by an option, which the refusal without it names."""

import gzip
from pathlib import Path

import pytest

from services.scoring.files import ChunkScorer, FileOptions, NotScorable, TextFormat, open_rows
from services.scoring.model.version import Version
from tests.support.identity import identity, tensor
from tests.unit.services.scoring.files.test_numbers import Scored, scored


@pytest.fixture(scope="module")
def version() -> Version:
    return identity(tensor("x", "FP64", nullable=True), tensor("t", "BYTES", nullable=True), x=1.0, t="a")


def of(
    version: Version, folder: Path, body: str | bytes, text: TextFormat | None = None, name: str = "in.csv"
) -> Scored:
    (folder / name).write_bytes(body.encode() if isinstance(body, str) else body)
    return scored(version, open_rows(folder / name, text=text))


@pytest.mark.parametrize(("separator", "name"), [(";", "';'"), ("\t", "tab"), ("|", "'|'")])
@pytest.mark.parametrize("number", ["1.5", "1,5,5"])
def test_another_separator_is_named_where_a_column_is_missing(
    version: Version, tmp_path: Path, separator: str, name: str, number: str
) -> None:
    body = f"x{separator}t\n{number}{separator}a\n"
    with pytest.raises(NotScorable, match=rf"its header is separated by {name[:1]}.*--separator {name[:1]}"):
        of(version, tmp_path, body)
    if number == "1.5":
        assert of(version, tmp_path, body, TextFormat(separator=separator)) == ({0: 1.5}, {})


def test_tabs_and_gzip_are_told_by_the_name_of_the_file(version: Version, tmp_path: Path) -> None:
    assert of(version, tmp_path, "x\tt\n1,5\ta\n2\tb\n", TextFormat(decimal=","), "in.tsv")[0] == {0: 1.5, 1: 2.0}
    assert of(version, tmp_path, gzip.compress(b"x,t\n1.5,a\n"), name="in.CSV.gz")[0] == {0: 1.5}
    assert of(version, tmp_path, gzip.compress(b"x\tt\n1.5\ta\n"), name="in.tsv.gz")[0] == {0: 1.5}
    with pytest.raises(NotScorable, match=r"not a csv\.gz file that can be read"):
        of(version, tmp_path, b"x,t\n1.5,a\n", name="in.csv.gz")


def test_a_decimal_comma_is_an_option_that_the_rejection_names(version: Version, tmp_path: Path) -> None:
    body = 'x,t\n"1,5",a\n"-2,25",b\n'
    answers, reasons = of(version, tmp_path, body)
    assert answers == {}
    assert reasons[0] == "'1,5' is no number; if its comma is a decimal comma: --decimal ,"
    assert of(version, tmp_path, body, TextFormat(decimal=",")) == ({0: 1.5, 1: -2.25}, {})


def test_a_point_beside_decimal_commas_is_no_guess(version: Version, tmp_path: Path) -> None:
    """1.234 may be more than a thousand there."""
    answers, reasons = of(version, tmp_path, "x;t\n1.234;a\n1.234,5;b\n3;c\n", TextFormat(separator=";", decimal=","))
    assert answers == {2: 3.0}
    assert reasons == {
        0: "'1.234' is no number; the decimal comma was asked for, and this has a point", 1: "'1.234,5' is no number",
    }  # fmt: skip


def test_whole_numbers_beside_decimal_commas_are_exact(tmp_path: Path) -> None:
    whole = identity(tensor("x", "INT64"), x=1)
    answers, reasons = of(whole, tmp_path, "x;n\n9007199254740993;1\n2,0;1\n2.0;1\n", TextFormat(";", ","))
    assert answers == {0: 9007199254740993, 1: 2}
    assert set(reasons) == {2}


@pytest.mark.parametrize("spelling", ["NA", "n/a", "NULL", "None", "-", "<NA>", "?"])
def test_a_usual_word_for_a_missing_value_is_an_option_that_the_rejection_names(
    version: Version, tmp_path: Path, spelling: str
) -> None:
    body = f"x,t\n{spelling},a\n1,{spelling}\n {spelling} ,b\n"
    answers, reasons = of(version, tmp_path, body)
    assert answers == {1: 1.0}
    hint = f"{spelling!r} is no number; if it stands for a missing value: --missing {spelling!r}"
    assert reasons == {0: hint, 2: hint}
    answers, reasons = of(version, tmp_path, body, TextFormat(missing=frozenset({spelling})))
    assert reasons == {}
    assert answers[1] == 1.0
    assert answers[0] != answers[0]
    assert answers[2] != answers[2]


def test_a_text_is_missing_only_where_that_was_said_and_it_is_not_quoted(version: Version, tmp_path: Path) -> None:
    """R writes NA for no value, and "NA" for Namibia."""
    (tmp_path / "in.csv").write_text('x,t,u\n1,NA,NA\n2,"NA",z\n')
    for text, found in ((None, ["NA", "NA"]), (TextFormat(missing=frozenset({"NA"})), ["", "NA"])):
        file = open_rows(tmp_path / "in.csv", text=text)
        table = ChunkScorer(version, file.schema, file.text).score(next(file.chunks(10)), 0).scored
        assert table.column("t_out").to_pylist() == found
    assert table.column("u").to_pylist() == [None, "z"]


def test_another_encoding_is_named_with_the_row_and_the_column(version: Version, tmp_path: Path) -> None:
    body = "x,t\n1,a\n2,größe\n".encode("latin-1")
    with pytest.raises(
        NotScorable, match=r"^row 1, column 't': its text is not UTF-8; --encoding .* --encoding latin-1"
    ):
        of(version, tmp_path, body)
    (tmp_path / "in.csv").write_bytes(body)
    file = open_rows(tmp_path / "in.csv", text=TextFormat(encoding="latin-1"))
    table = ChunkScorer(version, file.schema, file.text).score(next(file.chunks(10)), 0).scored
    assert table.column("t_out").to_pylist() == ["a", "größe"]


def test_the_row_is_right_behind_the_first_block_of_a_file(version: Version, tmp_path: Path) -> None:
    rows = [b"1,%s" % (b"a" * 100)] * 30_000 + [b"1,\xff"]
    with pytest.raises(NotScorable, match=r"^row 30000, column 't'"):
        of(version, tmp_path, b"x,t\n" + b"\n".join(rows))


def test_a_header_in_another_encoding_is_said(version: Version, tmp_path: Path) -> None:
    with pytest.raises(NotScorable, match="its header is not UTF-8; --encoding names another one"):
        of(version, tmp_path, "x,größe\n1,a\n".encode("latin-1"))


def test_utf_16_is_seen_at_its_beginning(version: Version, tmp_path: Path) -> None:
    body = "x,t\n1,größe\n".encode("utf-16")
    with pytest.raises(NotScorable, match="its text is UTF-16: --encoding utf-16"):
        of(version, tmp_path, body)
    assert of(version, tmp_path, body, TextFormat(encoding="utf-16")) == ({0: 1.0}, {})


def test_a_text_that_the_encoding_asked_for_does_not_have_is_said(version: Version, tmp_path: Path) -> None:
    with pytest.raises(NotScorable, match="not ascii; --encoding"):
        of(version, tmp_path, "x,t\n1,größe\n", TextFormat(encoding="ascii"))


def test_a_text_may_have_several_lines_wherever_a_block_ends(version: Version, tmp_path: Path) -> None:
    line = "a" * 50 + "\n" + "b" * 50
    answers, reasons = of(version, tmp_path, "x,t\n" + f'1,"{line}"\n' * 30_000)
    assert (len(answers), reasons) == (30_000, {})


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"separator": ";;"}, "--separator: one character is required"),
        ({"separator": '"'}, "--separator: one character is required"),
        ({"separator": "é"}, "--separator: one character is required"),
        ({"decimal": ";"}, "--decimal: a point or a comma is required"),
        ({"encoding": "klingon"}, "--encoding: 'klingon' is no encoding"),
        ({"encoding": "zlib"}, "--encoding: 'zlib' is no encoding"),
        ({"missing": frozenset({"x" * 101})}, "--missing"),
    ],
)
def test_an_option_that_makes_no_sense_is_named(options: dict[str, str], words: str) -> None:
    with pytest.raises(NotScorable, match=words):
        TextFormat(**options)  # type: ignore[arg-type]


def test_options_for_texts_are_refused_for_a_file_that_has_types(version: Version, tmp_path: Path) -> None:
    with pytest.raises(NotScorable, match="a Parquet file has types"):
        open_rows(tmp_path / "in.parquet", text=TextFormat(missing=frozenset({"NA"})))


def test_options_go_with_a_file_and_come_back() -> None:
    german = TextFormat(";", ",", frozenset({"NA", "é"}), "cp1252")
    for options in (FileOptions(), FileOptions(prefix="größe_"), FileOptions(german)):
        assert FileOptions.read(options.written()) == options
        assert options.written().isascii()


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("no JSON", "the options that came with the file"),
        ('{"prefix": 1}', "the options that came with the file: prefix"),
        ('{"prefix": "\\u0007"}', "--prefix"),
        ('{"text": {"separator": ";;"}}', "--separator"),
    ],
)
def test_options_that_came_with_a_file_are_anybodys(written: str, words: str) -> None:
    with pytest.raises(NotScorable, match=words):
        FileOptions.read(written)
