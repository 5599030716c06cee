"""Who gets messages, as params say it."""

import pytest

from analytics.errors import ParamsError
from analytics.params import load_workbook
from analytics.reporting.keys import _NO_FIGURE

FILE = """
email: {sender: reports@example.org, failures_to: [ops@example.org], link: "https://x.example/r/"}
organisations:
  - {id: one, source: {path: .}, email: {to: [ann@example.net]}}
  - {id: two, source: {path: .}}
"""


@pytest.fixture
def load(tmp_path):
    def read(text):
        (tmp_path / "p.yml").write_text(text)
        return load_workbook(tmp_path / "p.yml")

    return read


def test_what_an_organisation_leaves_out_is_its_files(load):
    one, two = load(FILE).organisations
    assert (one.email.to, one.email.sender) == (("ann@example.net",), "reports@example.org")
    assert (two.email.to, two.email.failures_to) == ((), ("ops@example.org",))
    assert one.email.link == "https://x.example/r"


def test_pages_are_attached_only_where_there_is_no_link(load):
    one, _ = load(FILE).organisations
    assert one.email.attached == ()
    (alone,) = load(
        "organisations: [{id: a, source: {path: .}, email: {sender: r@x.org, to: [a@x.org]}}]"
    ).organisations
    assert alone.email.attached == ("html",)


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ("{sender: reports, to: [a@x.org]}", "this is no e-mail address"),
        ('{sender: r@x.org, to: ["a@x.org\\nBcc: b@x.org"]}', "this is no e-mail address"),
        ('{sender: r@x.org, to: ["Ann <a@x.org>"]}', "this is no e-mail address"),
        ("{sender: r@x.org, to: [a..b@x.org]}", "this is no e-mail address"),
        ('{sender: r@x.org, to: ["a\\0b@x.org"]}', "this is no e-mail address"),
        ("{sender: r@x.org, to: [a@x.org, A@x.org]}", "stands here twice"),
        ("{sender: r@x.org, to: [a@x.org], attach: [xlsx, pdf]}", "a PDF that nobody prints"),
        ("{to: [a@x.org]}", "recipients without a sender"),
        ("{sender: r@x.org, too: [a@x.org]}", 'did you mean "to"'),
        ("{sender: r@x.org, link: reports}", "no address of a folder of reports"),
        ("{sender: r@x.org, charts: 6}", "5"),
        ("{sender: r@x.org, attach: [doc]}", "html"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_line(load, said, wrong):
    with pytest.raises(ParamsError, match=wrong) as refused:
        load(f"organisations:\n  - id: a\n    source: {{path: .}}\n    email: {said}\n")
    assert "line 4" in str(refused.value)


def test_other_recipients_make_no_report_again():
    assert "email" in _NO_FIGURE
