"""What a message says, to whom, and that mail clients bear it."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import AnalyticsError, ParamsError
from analytics.mail.content import content_of
from analytics.mail.envelope import seal
from analytics.mail.messages import messages_of
from analytics.page.pieces import MIME
from analytics.reporting.records import Journal, begin_run
from tests.mail import desk
from tests.mail.lint import faults, read

ALL = dict.fromkeys(desk.TITLES, "ready")


@pytest.fixture
def message(tmp_path):
    """Give the parsed message of a run with some reports in some states."""

    def make(states=ALL, who=None, notebooks=tuple(desk.TITLES), **written):
        desk.write(tmp_path, states, **written)
        (envelope,) = messages_of(desk.jobs(who or desk.organisation(), notebooks), tmp_path, Path("p.yml"))
        return read(envelope.content), envelope

    return make


def words(message):
    return message.get_body(("plain",)).get_content()


def page(message):
    return message.get_body(("html",)).get_content()


class TestContent:
    def test_the_board_leads_with_its_figure_in_the_subject(self, message):
        found, _ = message()
        assert (
            found["Subject"] == "Acme & <Sons>: Executive rate 43.7% (+5.8 pts), 1 July to 30 September 2026"
        )
        assert "Acme & <Sons>, 1 July to 30 September 2026" in words(found)
        assert "Executive is 43.7%, as it should be." in words(found)

    def test_without_a_board_the_first_report_with_figures_leads(self, message):
        found, _ = message({"retention": "ready", "clv": "ready"}, notebooks=("retention", "clv"))
        assert found["Subject"].startswith("Acme & <Sons>: Retention rate 43.7%")
        assert len(re.findall(r"rate +43.7%", words(found))) == 2, "the first figure of each report"

    def test_a_change_that_may_be_chance_is_not_in_the_subject(self, message):
        found, _ = message(verdict="close")
        assert found["Subject"] == "Acme & <Sons>: Executive rate 43.7%, 1 July to 30 September 2026"
        assert "≈ 5.8 pts up on Q2 2026, may be chance" in words(found)

    def test_html_and_text_say_the_same(self, message):
        found, _ = message()
        seen = re.sub(r"<(style|title)[^>]*>.*?</\1>|<[^>]+>", " ", page(found), flags=re.S)
        for said in ("Executive is 43.7%, as it should be.", "5.8 pts better than Q2 2026", "To look at"):
            assert said in seen
            assert said.casefold() in words(found).casefold()
        for alt in re.findall(r'alt="([^"]*)"', page(found)):
            assert alt in words(found)

    def test_alerts_name_no_customer(self, message):
        found, envelope = message()
        assert "3 deals at risk worth £45.0k" in words(found)
        assert b"Widgets" not in envelope.content

    def test_an_alert_says_its_rule_as_its_count_is_not_that_of_the_figures(self, message):
        said = " ".join(words(message()[0]).split())
        assert "worth £45.0k. Only those worth more than £10.0k are counted; health" in said

    def test_alerts_of_a_board_that_is_not_made_any_more_are_not_quoted(self, message):
        message()
        found, _ = message({"retention": "ready"}, notebooks=("retention",))
        assert "deals at risk" not in words(found)

    def test_a_notice_stands_under_the_short_name_of_its_report(self, message):
        found, _ = message({"churn_training": "ready"}, notebooks=("churn_training",))
        assert "Note: Churn: 3 rows of churn_training left out. No date." in words(found)
        found, _ = message({"churn_training": "failed"}, notebooks=("churn_training", "clv"))
        assert "- Churn failed and has no figures." in words(found).splitlines()

    def test_levels_of_risk_are_not_shown_beside_the_boards_own_count(self, message):
        found, _ = message(dict.fromkeys(("executive", "churn_training"), "ready"))
        assert re.findall("Line of (\\w+)", page(found)) == ["executive"]
        found, _ = message({"churn_training": "ready"}, notebooks=("churn_training",))
        assert re.findall("Line of (\\w+)", page(found)) == ["churn_training"]

    def test_a_report_whose_page_is_gone_was_not_made(self, message, tmp_path):
        results = desk.write(tmp_path, ALL)
        (tmp_path / results[0].report.page).unlink()
        jobs = desk.jobs(desk.organisation())
        (envelope,) = messages_of(jobs, tmp_path, Path("p.yml"))
        assert "Executive was not made." in words(read(envelope.content))
        for result in results[1:]:
            (tmp_path / result.report.page).unlink()
        (envelope,) = messages_of(jobs, tmp_path, Path("p.yml"))
        assert read(envelope.content)["Subject"] == "Acme & <Sons>: no reports, 2026-Q3"

    @pytest.mark.parametrize(
        "text",
        [
            "[]",
            "{",
            '{"cells": 3}',
            '{"cells": [{"outputs": [{"data": {"' + MIME + '": {"kind": "cards"}}}]}]}',
        ],
    )
    def test_a_notebook_that_cannot_be_read_says_nothing_and_keeps_nobody_back(self, tmp_path, text):
        results = desk.write(tmp_path, ALL)
        (tmp_path / results[0].report.file("ipynb")).write_text(text)
        (envelope,) = messages_of(desk.jobs(desk.organisation()), tmp_path, Path("p.yml"))
        assert "Retention rate 43.7%" in read(envelope.content)["Subject"]

    def test_a_failed_and_a_missing_report_are_alerts_once(self, message):
        found, _ = message({"executive": "ready", "retention": "ready", "roi": "failed"})
        assert words(found).count("ROI failed and has no figures.") == 1
        assert words(found).count("Lifetime value was not made.") == 1
        assert "ROI grew" not in words(found)

    def test_where_everything_failed_managers_are_told_so(self, message):
        found, envelope = message(dict.fromkeys(desk.TITLES, "failed"))
        assert found["Subject"] == "Acme & <Sons>: no reports, 2026-Q3"
        assert words(found).count("failed and has no figures") == 4
        assert "have been told why" not in words(found), "there is nobody"
        assert faults(envelope.content) == []

    def test_pictures_are_at_most_those_asked_for_and_the_boards_first(self, message):
        who = desk.organisation(email={"sender": "r@example.org", "to": ["a@example.net"], "charts": 2})
        found, _ = message(who=who)
        assert len(re.findall("<img ", page(found))) == 2
        assert page(found).index("Line of executive") < page(found).index("Line of retention")

    def test_pictures_of_other_reports_stand_under_their_titles(self, message):
        found, _ = message()
        seen = words(found)
        assert "RETENTION: RETENTION GREW TO 43.7%" in seen
        assert "EXECUTIVE: " not in seen, "the message is named after it"
        assert re.search(r">Retention</td></tr>\s*<tr><td[^>]*><h2[^>]*>Retention grew", page(found))


class TestForm:
    def test_mail_clients_bear_it(self, message):
        assert faults(message()[1].content) == []

    @pytest.mark.parametrize(
        ("good", "bad", "fault"),
        [
            (b"<h1 ", b"<script>x</script><h1 ", "<script> is not allowed"),
            (b'src=3D"cid:', b'src=3D"data:image/png;base64,', "a data URI"),
            (b'src=3D"cid:', b'src=3D"https://x.example/', "fetches https://x.example/"),
            (b"cid:1-", b"cid:other-", "has no part"),
            (b"margin:0", b"display:flex", "is laid out by display:flex"),
            (b"margin:0", b"color:var(--a)", "is laid out by var("),
            (b"Subject: ", b"X-Subject: ", "the header Subject is missing"),
            (b"image/png", b"image/gif", "is no inline PNG"),
        ],
    )
    def test_the_rules_find_what_clients_do_not_bear(self, message, good, bad, fault):
        content = message()[1].content
        assert good in content
        assert any(fault in found for found in faults(content.replace(good, bad, 1)))

    @given(st.text(min_size=1, max_size=60))
    def test_no_name_adds_a_header_or_markup(self, name):
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("analytics.mail.envelope.png", lambda _: b"PNG")
            said = content_of_name(name)
        found = read(said.content)
        assert set(found.keys()) == {
            *("Subject", "From", "To", "Date", "Message-ID", "Auto-Submitted", "MIME-Version"),
            "Content-Type",
        }
        assert faults(said.content) == []

    @pytest.mark.parametrize(
        "name",
        ["Cà phê – Đà Lạt " * 9 + "x", "株式会社" * 30, "A" * 76, "a b " * 17 + "x", "\u202eevil, Ltd"],
    )
    def test_names_of_any_letters_and_length_are_borne(self, name):
        content = content_of_name(name).content
        assert faults(content) == []
        assert read(content)["Subject"] == f"{name}: Executive"
        text = " ".join(words(read(content)).split())
        assert f"on the list of {name}." in text
        assert "word-break:break-word" in page(read(content)), "else it is wider than a telephone"

    def test_content_ids_stand_on_one_line_whatever_the_senders_domain(self, message):
        sender = f"robot@{'very-' * 10}long.example.org"
        email = {"sender": sender, "to": ["a@example.net"], "failures_to": ["b@example.net"]}
        _, envelope = message(who=desk.organisation(email=email))
        assert faults(envelope.content) == []
        assert len(re.findall(rb"Content-ID: <", envelope.content)) == 4

    def test_one_that_grows_too_large_is_refused(self, message):
        with pytest.raises(AnalyticsError, match="mail clients cut off what has more than 100,000"):
            message(words=" and so on" * 2_500)

    def test_the_same_run_gives_the_same_bytes(self, message):
        assert message()[1] == message()[1]

    def test_other_words_are_another_message_and_another_time_is_not(self, tmp_path):
        results = desk.write(tmp_path, ALL)
        who = desk.organisation()
        said = content_of(who, results, [], tmp_path, who.email)
        desk.write(tmp_path, ALL, words=" now")
        later = content_of(who, results, [], tmp_path, who.email)
        assert said.digest != later.digest


def content_of_name(name):
    from analytics.mail.content import Content

    said = Content(
        organisation="acme", slug="x", name=name, subject=f"{name}: Executive", title=name,
        about=f"{name}, 2026", summary=(name,), alerts=(name,), notices=(name,),
    )  # fmt: skip
    return seal(said, sender="r@example.org", recipients=["a@example.net"], made=desk.STARTED)


class TestAttachments:
    def test_without_a_link_the_pages_are_attached_the_leading_one_first(self, message):
        found, _ = message()
        assert [part.get_filename() for part in found.iter_attachments()] == [
            f"{name}.html" for name in desk.TITLES
        ]
        assert "Read the full report" not in page(found)
        assert "Attached: executive.html and 3 more." in words(found)
        assert "Attached: executive.html and 3 more." in page(found)

    def test_with_a_link_nothing_is(self, message):
        email = {"sender": "r@example.org", "to": ["a@example.net"], "link": "https://x.example/r/"}
        found, envelope = message(who=desk.organisation(email=email))
        assert list(found.iter_attachments()) == []
        assert 'href="https://x.example/r/acme/2026-Q3/executive.html"' in page(found)
        assert "https://x.example/r/acme/2026-Q3/executive.html" in words(found)
        assert faults(envelope.content) == []

    def test_where_all_failed_there_is_none_to_read(self, message):
        email = {"sender": "r@example.org", "to": ["a@example.net"], "link": "https://x.example/r/"}
        found, _ = message(dict.fromkeys(desk.TITLES, "failed"), who=desk.organisation(email=email))
        assert "x.example" not in page(found) + words(found)

    def test_what_is_asked_for_is_attached_in_its_kind(self, message, tmp_path):
        email = {"sender": "r@example.org", "to": ["a@example.net"], "attach": ["xlsx", "pdf"]}
        desk.write(tmp_path, ALL)
        (tmp_path / "acme/2026-Q3/clv.pdf").write_bytes(b"%PDF-1.4")
        found, envelope = message({"clv": "ready"}, desk.organisation(email=email), ("clv",))
        kinds = [(part.get_filename(), part.get_content_subtype()) for part in found.iter_attachments()]
        assert kinds == [
            ("clv.xlsx", "vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
            ("clv.pdf", "pdf"),
        ]
        assert faults(envelope.content) == []

    def test_what_is_too_large_is_left_out_and_named(self, message, monkeypatch):
        monkeypatch.setattr("analytics.mail.envelope.MOST_ATTACHED", len("<h1>executive</h1><h1>clv</h1>"))
        found, _ = message()
        assert [part.get_filename() for part in found.iter_attachments()] == ["executive.html", "clv.html"]
        assert "Too large to attach, and left out: retention.html, roi.html." in " ".join(
            words(found).split()
        )

    def test_a_failed_reports_page_is_not_attached(self, message):
        found, _ = message({"executive": "ready", "roi": "failed"}, notebooks=("executive", "roi"))
        assert [part.get_filename() for part in found.iter_attachments()] == ["executive.html"]


class TestRecipients:
    def test_each_organisation_gets_its_own(self, tmp_path):
        both = [
            desk.organisation(),
            desk.organisation(id="other", email={"sender": "r@example.org", "to": ["z@example.net"]}),
        ]
        results = [*desk.write(tmp_path, ALL), *desk.write(tmp_path, ALL, who="other")]
        record(tmp_path, results)
        jobs = [job for who in both for job in desk.jobs(who)]
        first, second = messages_of(jobs, tmp_path, Path("p.yml"))
        assert first.recipients == ("ann@example.net", "bob@example.net")
        assert second.recipients == ("z@example.net",)
        assert b"z@example.net" not in first.content
        assert b"ann@" not in second.content
        (only,) = messages_of(jobs, tmp_path, Path("p.yml"), organisations=["other"])
        assert only == second

    def test_each_timeframe_is_a_message(self, tmp_path):
        results = [*desk.write(tmp_path, ALL), *desk.write(tmp_path, ALL, slug="2026-09")]
        record(tmp_path, results)
        who = desk.organisation()
        jobs = desk.jobs(who) + desk.jobs(who, slug="2026-09")
        assert [one.name for one in messages_of(jobs, tmp_path, Path("p.yml"))] == [
            "acme_2026-Q3",
            "acme_2026-09",
        ]

    def test_a_run_of_another_version_or_unfinished_is_refused_with_what_helps(self, tmp_path):
        desk.write(tmp_path, ALL)
        jobs, text = desk.jobs(desk.organisation()), (tmp_path / "run.json").read_text()
        again = rf"workbook run p\.yml --out {re.escape(str(tmp_path))}"
        (tmp_path / "run.json").write_text(text.replace('"format": ', '"format": 9'))
        with pytest.raises(ParamsError, match=f"of another version, or damaged; run again: {again}"):
            messages_of(jobs, tmp_path, Path("p.yml"))
        (tmp_path / "run.json").write_text(text)
        begin_run(tmp_path, Journal(started=desk.STARTED, force=False, pages=()))
        with pytest.raises(ParamsError, match=f"has not ended; finish it with: {again} --resume"):
            messages_of(jobs, tmp_path, Path("p.yml"))

    def test_without_a_run_or_recipients_nothing_is_made(self, tmp_path):
        jobs = desk.jobs(desk.organisation())
        with pytest.raises(
            ParamsError, match=r"there is no run in .*; make one with: workbook run p\.yml --out"
        ):
            messages_of(jobs, tmp_path, Path("p.yml"))
        desk.write(tmp_path, ALL)
        with pytest.raises(ParamsError, match=r"nobody is named in p\.yml"):
            messages_of(desk.jobs(desk.organisation(email=None)), tmp_path, Path("p.yml"))


class TestFailures:
    @pytest.fixture
    def told(self, tmp_path):
        email = {"sender": "r@example.org", "to": ["a@example.net"], "failures_to": ["ops@example.org"]}
        results = desk.write(tmp_path, ALL | {"roi": "failed"})
        jobs = desk.jobs(desk.organisation(email=email))
        *_, last = messages_of(jobs, tmp_path, Path("my params.yml"))
        return last, results

    def test_go_to_their_own_address_with_cause_and_command(self, told):
        envelope, _ = told
        found = read(envelope.content)
        assert found["To"] == "ops@example.org"
        assert found["Subject"] == "1 report failed in the run of 2026-11-02 06:00 UTC"
        text = " ".join(words(found).split())
        assert "ROI Organisation: acme Timeframe: 2026-Q3 Cause: cell 3 of 9: the column is missing" in text
        again = "workbook run 'my params.yml' --organisation acme --timeframe 2026-Q3 --notebook roi --out /"
        assert again in words(found)

    def test_hold_no_figure_and_no_manager_hears_the_cause(self, told, tmp_path):
        envelope, _ = told
        assert b"43.7" not in envelope.content
        email = {"sender": "r@example.org", "to": ["a@example.net"], "failures_to": ["ops@example.org"]}
        first, _ = messages_of(desk.jobs(desk.organisation(email=email)), tmp_path, Path("p.yml"))
        assert b"column is missing" not in first.content

    def test_without_a_failure_there_is_none(self, tmp_path):
        email = {"sender": "r@example.org", "failures_to": ["ops@example.org"]}
        desk.write(tmp_path, ALL)
        assert messages_of(desk.jobs(desk.organisation(email=email)), tmp_path, Path("p.yml")) == []


def record(out, results):
    from analytics.reporting.manifest import RunRecord

    said = RunRecord(started=desk.STARTED, seconds=1.0, results=tuple(results))
    (out / "run.json").write_text(said.to_json())
