"""The certificate: every row within its tolerance, an absent run never passed, and a bad number told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aecore import AecoreError, certificate, load_or_train, make_config, store
from aecore.__main__ import main
from aecore.certificate import AT_MOST, Row, gap_ratio, largest_ratio, ratio, score, within
from aecore.config import RunConfig
from aecore.run import MEASURES

SMALL = make_config("pca", dataset="tiny", latent_dim=2)
SMALLER = make_config("pca", dataset="tiny", latent_dim=1)


def line(monkeypatch: pytest.MonkeyPatch, row: Row) -> certificate.Line:
    monkeypatch.setattr(certificate, "ROWS", (row,))
    (made,) = certificate.lines()
    return made


@pytest.mark.parametrize("row", certificate.ROWS, ids=lambda row: row.title)
def test_no_row_leaves_its_tolerance(row: Row, monkeypatch: pytest.MonkeyPatch) -> None:
    assert line(monkeypatch, row).state != "missed"


def test_the_shipped_runs_are_certified(monkeypatch: pytest.MonkeyPatch) -> None:
    """No row may be absent only because the run that it names is not the shipped one any more."""
    shipped = {run.run_id for run in store.runs() if run.shipped}
    named = {config.run_id for row in certificate.ROWS for config in row.claim.configs}
    if shipped:
        assert shipped & named
    for made in certificate.lines():
        assert (made.state == "absent") == (not set(made.runs) <= shipped)


def test_limits_hold_on_the_side_they_name() -> None:
    assert [within(0.5).holds(ours, 10) for ours in (9.4, 9.5, 10.5, 10.6)] == [False, True, True, False]
    assert [AT_MOST.holds(ours, 10) for ours in (0, 10, 10.01)] == [True, True, False]


def test_an_absent_run_is_neither_met_nor_missed(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = line(monkeypatch, Row("SSE", score(SMALL, "sse"), 0, AT_MOST, "us"))
    assert (made.state, made.ours, made.runs) == ("absent", None, (SMALL.run_id,))
    assert main(["certificate"]) == 0
    load_or_train(SMALL)
    assert line(monkeypatch, Row("PSNR", ratio(SMALL, SMALLER, "sse"), 9, AT_MOST, "us")).state == "absent"
    assert line(monkeypatch, Row("FID", score(SMALL, "classifier_fid_prior"), 9, AT_MOST, "us")).state == "absent"


def test_a_number_is_set_beside_its_reference_and_floor(
    tiny: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, other = load_or_train(SMALL), load_or_train(SMALLER)
    table = run.evaluation
    rows = (
        Row("BCE", score(SMALL, "bce"), table["bce"] + 1, within(2), "us"),
        Row("SSE", score(SMALL, "sse"), table["sse"] / 2, AT_MOST, "them"),
        Row("SSE, two to one", ratio(SMALL, SMALLER, "sse"), 1, AT_MOST, "us"),
        Row("SSIM", score(SMALL, "ssim"), 0.5, within(0.1), "us"),
    )
    run.save_measures({"ssim": 0.52})
    monkeypatch.setattr(certificate, "ROWS", rows)
    assert main(["certificate", "--json"]) == 1  # a row is missed
    told = json.loads(capsys.readouterr().out)
    assert [row["state"] for row in told] == ["met", "missed", "met", "met"]
    assert [row["floor"] for row in told] == [table["bce_floor"], None, None, None]
    assert told[2]["ours"] == pytest.approx(table["sse"] / other.evaluation["sse"])
    assert told[2]["runs"] == [run.run_id, other.run_id]
    assert main(["certificate"]) == 1
    shown = capsys.readouterr().out.splitlines()
    assert shown[0] == "| what | ours | reference | tolerance | source |"
    assert len(shown) == 2 + len(rows)
    assert f"(floor {table['bce_floor']:.2f})" in shown[2] and "± 2" in shown[2]
    assert "missed" in shown[3] and "at most" in shown[3]


def test_claims_about_two_runs(tiny: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    load_or_train(SMALL).save_measures({"sse_train": 1.0, "sse_noise_0.1": 3.0, "sse_noise_0.2": 4.0})
    other = load_or_train(SMALLER)
    assert line(monkeypatch, Row("", gap_ratio(SMALL, SMALLER), 1, AT_MOST, "us")).state == "absent"
    assert line(monkeypatch, Row("", largest_ratio(SMALL, SMALLER, "sse_noise_"), 1, AT_MOST, "us")).state == "absent"
    other.save_measures({"sse_train": 2.0, "sse_noise_0.1": 6.0, "sse_noise_0.2": 5.0})
    gaps = store.load(SMALL.run_id).evaluation["sse"] - 1, other.evaluation["sse"] - 2
    assert line(monkeypatch, Row("", gap_ratio(SMALL, SMALLER), 1, AT_MOST, "us")).ours == pytest.approx(
        gaps[0] / gaps[1]
    )
    assert line(monkeypatch, Row("", largest_ratio(SMALL, SMALLER, "sse_noise_"), 1, AT_MOST, "us")).ours == 0.8


def test_the_table_is_written_between_its_marks(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"Before\n\n{certificate.BEGIN}\nold\n{certificate.END}\n\nAfter\n")
    for _ in range(2):  # it replaces what it has written
        main(["certificate", "--into", str(page)])
        table = certificate.markdown(certificate.lines())
        assert page.read_text() == f"Before\n\n{certificate.BEGIN}\n{table}\n{certificate.END}\n\nAfter\n"
    page.write_text("nothing")
    assert main(["certificate", "--into", str(page)]) == 2
    assert main(["certificate", "--into", str(tmp_path / "absent.md")]) == 2
    assert "There is no place for the certificate" in capsys.readouterr().err


def test_rows_name_configs_and_sources() -> None:
    for row in certificate.ROWS:
        assert row.source and row.title
        assert all(isinstance(config, RunConfig) for config in row.claim.configs)


@pytest.mark.parametrize("measures", [{"ssim": "high"}, {"ssim": None}, {"ssim": [1]}, [], 3, None])
def test_measures_that_are_no_numbers_leave_their_row_absent(
    measures: object, tiny: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    run = load_or_train(SMALL)
    (run.path / MEASURES).write_text(json.dumps(measures))
    assert line(monkeypatch, Row("SSIM", score(SMALL, "ssim"), 1, AT_MOST, "us")).state == "absent"


def test_a_run_that_cannot_be_read_leaves_its_row_absent(monkeypatch: pytest.MonkeyPatch) -> None:
    def find(config: RunConfig) -> None:
        raise AecoreError("It is a run of other images.")

    monkeypatch.setattr(store, "find", find)
    assert {made.state for made in certificate.lines()} == {"absent"}
