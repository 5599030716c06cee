"""Tables of the queue: what each cell says, and which columns are left out."""

from analytics.formats import Format
from analytics.tables import interventions as tables
from analytics.words.interventions import reasons
from tests.intervention_data import ADA, BEN, CYD, THREE, likely, page_of

BRITISH = Format("en_GB", "GBP")


def heads(table):
    return [column.label for column in table.columns]


def test_who_why_what_by_whom_by_when_and_what_is_at_risk():
    _, _, rows = page_of(*THREE)
    table = tables.calls(rows, BRITISH)
    assert heads(table) == [
        "Customer", "Kind", "Why", "What to do", "Owner", "Due", "Chance to leave", "Worth a year", "At risk"
    ]  # fmt: skip
    first, _, last = table.rows
    assert first[:2] == ("Ada & Co (ada)", "account")
    assert first[2].startswith("payment 45 days overdue; ")
    assert first[3].startswith("1. Ask whether")
    assert " 2. Call and ask what disappointed them" in first[3]
    assert first[4:] == ("Team 1", "Today", "90%", "£9,000", "£8,100")
    assert last[0] == "cyd"
    assert last[4:6] == ("–", "8\N{NO-BREAK SPACE}October")


def test_numbers_of_reasons_are_written_as_the_organisation_writes_them():
    _, _, rows = page_of(CYD)
    assert tables.calls(rows, Format("vi_VN", "VND")).rows[0][1] == "no purchase for 1.301 days"


def test_the_whole_queue_gives_the_first_step_and_a_bar():
    table = tables.calls(page_of(ADA, BEN)[2], BRITISH, steps=False)
    assert heads(table) == ["Customer", "Why", "First step", "Owner", "Due", "Chance to leave", "At risk", ""]
    assert [row[-1] for row in table.rows] == [100.0, 100 * 450 / 8100]
    assert table.rows[0][2].startswith("Ask whether")


def test_columns_of_which_nothing_is_known_are_left_out():
    _, _, rows = page_of({"account_risk": 80, "worth_if_stays": 900.0})
    table = tables.calls(rows, BRITISH)
    assert heads(table) == ["Customer", "Why", "What to do", "Due", "Churn risk, of 100", "Worth a year"]
    assert table.rows[0][-2:] == ("80", "£900")


def test_what_does_not_fit_is_folded_with_its_place():
    rows = page_of(*(likely() for _ in range(25)))[2]
    assert len(tables.calls(rows, BRITISH).rows) == 10
    rest = tables.calls(rows, BRITISH, first=10, limit=20)
    assert (len(rest.rows), rest.folded) == (10, "The next: 11 to 20 of 25")
    assert tables.calls(rows.head(10), BRITISH, first=10, limit=50) is None
    assert tables.calls(rows.head(0), BRITISH) is None


def test_owners_days_and_reasons_with_their_figures():
    _, kpis, _ = page_of(*THREE)
    owners = tables.owners(kpis["owners"], BRITISH)
    assert owners.rows[0] == ("Team 1", "1", "1", "1", "£8,100", "£8,100")
    assert owners.rows[-1] == ("No owner", "1", "0", "0", "£72", "£0")
    assert owners.total == ("All", "3", "2", "2", "£8,622", "£8,550")
    days = tables.days(kpis["days"], BRITISH)
    assert days.rows == (
        ("1 October 2026", "today", "2", "£8,550"),
        ("8 October 2026", "next week", "1", "£72"),
    )
    causes = tables.causes(kpis["causes"], reasons(kpis), BRITISH)
    assert ("Payment overdue", "1", "£8,100") in causes.rows


def test_an_empty_queue_has_no_tables():
    _, kpis, _ = page_of()
    assert tables.owners(kpis["owners"], BRITISH) is None
    assert tables.days(kpis["days"], BRITISH) is None
    assert tables.causes(kpis["causes"], {}, BRITISH) is None
