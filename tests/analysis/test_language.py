"""The command line in the language of the environment."""

from __future__ import annotations

import pickle
import re
from pathlib import Path

import numpy as np
import pytest

from analysis.cli import main
from analysis.errors import AnalysisError, SpecError
from analysis.language import choose_language, read_catalogue
from tests.analysis.sentences import read_source, words_of_argparse

KINDS = {"number", "text", "true-false", "empty"}
"""Of a column, as ``describe`` tells them."""
FIELD = re.compile(r"\{[^}]*\}|%\(\w+\)\w|%s")


def test_every_sentence_of_the_program_has_its_vietnamese() -> None:
    wanted = {text for _file, text in read_source() if not re.fullmatch(r"[\w.]+(, \.\.\.)?", text)}
    named = {text for text in wanted if not re.match(r"\w+\.json: \{", text) or "{row" in text}
    assert named - set(read_catalogue()) == set()


def test_every_vietnamese_sentence_is_one_of_the_program() -> None:
    source = {text for _file, text in read_source()} | KINDS | words_of_argparse()
    assert set(read_catalogue()) - source == set()


def test_translations_name_the_same_values() -> None:
    for english, vietnamese in read_catalogue().items():
        assert sorted(FIELD.findall(english)) == sorted(FIELD.findall(vietnamese)), english
        assert (english[-1] == " ", english[-1] == "\n") == (
            vietnamese[-1] == " ",
            vietnamese[-1] == "\n",
        )


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "vi_VN.UTF-8"}, "vi"),
        ({"LANG": "vi"}, "vi"),
        ({"LANG": "en_GB.UTF-8"}, "en"),
        ({"LANG": "vi_VN", "LC_ALL": "C.UTF-8"}, "en"),
        ({"LANG": "C", "LANGUAGE": "vi:en"}, "vi"),
        ({"LANG": "vie"}, "en"),
    ],
)
def test_the_environment_chooses_as_gettext_has_it(
    environment: dict[str, str], language: str
) -> None:
    assert choose_language(environment) == language


@pytest.fixture
def vietnamese(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("LANG", "vi_VN.UTF-8")


def write(folder: Path, spec: str, data: str = "q\n5\nx\n") -> str:
    (folder / "d.csv").write_text(data)
    (folder / "SPEC.toml").write_text(f'data = "d.csv"\n{spec}')
    return str(folder / "SPEC.toml")


MEAN = '[[estimand]]\nname = "e"\nnumerator = "q"\n'


@pytest.mark.usefixtures("vietnamese")
@pytest.mark.parametrize(
    ("spec", "told"),
    [
        (MEAN, "lỗi: d.csv: cột 'q' phải chứa số; dòng 3 chứa 'x': hãy sửa, để trống, hoặc nêu"),
        ("", "lỗi: estimand: cần ít nhất một [[estimand]]"),
        ("[wrong]\na = 1\n", "lỗi: không có khóa wrong; các khóa hợp lệ:"),
        (
            MEAN + '[calibration]\nmethod = "linear"\n[[calibration.margin]]\nnumber = "q"\n'
            'total = "x"\n',
            "lỗi: calibration.margin 1: total của q phải là số",
        ),
        (MEAN + '[[where]]\ncolumn = "q"\nop = "<"\nvalue = "a"\n', "cột 'q' đem so bằng < với"),
    ],
)
def test_errors_are_vietnamese(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], spec: str, told: str
) -> None:
    assert main(["estimate", write(tmp_path, spec), "--out", str(tmp_path / "r.json")]) == 2
    assert told in capsys.readouterr().err


@pytest.mark.usefixtures("vietnamese")
def test_help_and_wrong_arguments_are_vietnamese(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["--help"])
    told = capsys.readouterr().out
    assert "cách dùng: python -m analysis" in told
    assert "chỉ số hài lòng có trọng số của từng đơn vị" in told
    with pytest.raises(SystemExit):
        main(["estimate"])
    assert "lỗi: thiếu các tham số: spec, --out" in capsys.readouterr().err


@pytest.mark.usefixtures("vietnamese")
def test_a_described_file_is_told_in_vietnamese_and_kept_in_english(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = tmp_path / "d.csv"
    data.write_text("g,q\na,5\na,4\nb,5\nb,4\nc,-9\n")
    assert main(["describe", str(data)]) == 0
    told = capsys.readouterr().out
    assert "d.csv: 5 dòng, UTF-8" in told
    assert "q: số, từ -9 đến 5; 5 dòng có giá trị, 3 giá trị khác nhau" in told
    assert "  ! -9 giống mã không trả lời (1 dòng): hãy nêu trong missing" in told
    assert main(["describe", str(data), "--out", str(tmp_path / "c.json")]) == 0
    assert "looks like a missing code" in (tmp_path / "c.json").read_text()


def test_an_error_goes_from_one_process_to_another() -> None:
    inner = SpecError("{name} must be a number", name="x")
    error = AnalysisError("{path}: {error}", path=Path("a"), error=inner)
    back = pickle.loads(pickle.dumps(error))  # noqa: S301  (our own, a line before)
    assert (type(back), str(back)) == (AnalysisError, "a: x must be a number")
    assert back.tell(lambda text: text.replace("must be", "phải là")) == "a: x phải là a number"
    units = AnalysisError("{units:g} units", units=np.int64(3))
    assert pickle.loads(pickle.dumps(units)).tell(str) == "3 units"  # noqa: S301


def test_braces_in_a_value_are_no_fields() -> None:
    error = AnalysisError("{name} must be a number", name="{x}")
    assert str(error) == error.tell(str) == "{x} must be a number"
    assert str(AnalysisError("{not a field}")) == "{not a field}"
