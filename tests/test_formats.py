"""What figures look like to the readers of an organisation."""

import locale as process_locale
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from analytics.errors import ParamsError
from analytics.formats import Format

BRITISH = Format("en_GB", "GBP")
AMERICAN = Format("en_US", "USD")
GERMAN = Format("de_DE", "EUR")
VIETNAMESE = Format("vi_VN", "VND")
FORMATS = st.sampled_from([BRITISH, AMERICAN, GERMAN, VIETNAMESE])


def plain(text: str) -> str:
    """The text with ordinary spaces, which is easier to compare."""
    return text.replace("\xa0", " ").replace("\u202f", " ").replace("\u2009", " ")


class TestMoney:
    @pytest.mark.parametrize(
        ("amount", "british", "american", "german", "vietnamese"),
        [
            (0, "£0", "$0", "0 €", "0 ₫"),
            (1_234.5, "£1,235", "$1,235", "1.235 €", "1.235 ₫"),
            (9_999.4, "£9,999", "$9,999", "9.999 €", "9.999 ₫"),
            (9_999.5, "£10.0k", "$10.0k", "10.000 €", "10,0 nghìn ₫"),
            (90_718, "£90.7k", "$90.7k", "90.718 €", "90,7 nghìn ₫"),
            (148_321, "£148k", "$148k", "148.321 €", "148 nghìn ₫"),
            (999_499, "£999k", "$999k", "999.499 €", "999 nghìn ₫"),
            (999_500, "£1.00m", "$1.00m", "1,00 Mio. €", "1,00 triệu ₫"),
            (2_410_000, "£2.41m", "$2.41m", "2,41 Mio. €", "2,41 triệu ₫"),
            (1_234_567_890, "£1.23bn", "$1.23bn", "1,23 Mrd. €", "1,23 tỷ ₫"),
            (-2_415_000, "−£2.42m", "−$2.42m", "−2,42 Mio. €", "−2,42 triệu ₫"),
            (12.3e12, "£12.3tn", "$12.3tn", "12,3 Bio. €", "12,3 nghìn tỷ ₫"),
        ],
    )
    def test_has_three_figures_and_the_words_of_its_readers(
        self, amount, british, american, german, vietnamese
    ):
        shown = [plain(f.money(amount)) for f in (BRITISH, AMERICAN, GERMAN, VIETNAMESE)]
        assert shown == [british, american, german, vietnamese]

    @pytest.mark.parametrize(
        ("amount", "british", "german", "vietnamese"),
        [
            (Decimal("1234.5"), "£1,234.50", "1.234,50 €", "1.235 ₫"),
            (Decimal("0.005"), "£0.01", "0,01 €", "0 ₫"),
            (-0.005, "−£0.01", "−0,01 €", "0 ₫"),
            (2.675, "£2.68", "2,68 €", "3 ₫"),  # its shortest decimal, not the binary fraction beneath it
            (-0.5, "−£0.50", "−0,50 €", "−1 ₫"),
            (1e18, "£1,000,000,000,000,000,000.00", "1.000.000.000.000.000.000,00 €", None),
        ],
    )
    def test_exactly_is_rounded_to_the_minor_unit_half_away_from_zero(
        self, amount, british, german, vietnamese
    ):
        assert (BRITISH.money_exact(amount), plain(GERMAN.money_exact(amount))) == (british, german)
        assert vietnamese in (None, plain(VIETNAMESE.money_exact(amount)))

    @pytest.mark.parametrize(
        ("amount", "text"),
        [
            (0, "£0"),
            (2.5, "£2.5"),
            (500, "£500"),
            (5_000, "£5,000"),
            (20_000, "£20k"),
            (1.5e6, "£1.5m"),
            (-2e9, "−£2bn"),
        ],
    )
    def test_beside_an_axis_has_no_decimals_that_say_nothing(self, amount, text):
        assert BRITISH.money_axis(amount) == text

    def test_increase_shows_its_sign_when_asked(self):
        assert BRITISH.money(5_300, sign=True) == "+£5,300"
        assert BRITISH.money_exact(-5.3, sign=True) == "−£5.30"

    def test_currency_has_a_sign_and_a_number_of_decimals(self):
        assert (BRITISH.symbol, BRITISH.minor_digits) == ("£", 2)
        assert (VIETNAMESE.symbol, VIETNAMESE.minor_digits) == ("₫", 0)
        assert Format("en_GB", "JPY").minor_digits == 0
        assert Format("en_GB", "BHD").money_exact(1) == "BHD1.000"


class TestNumbers:
    def test_counts_are_written_in_full(self):
        assert BRITISH.count(12_345_678) == "12,345,678"
        assert GERMAN.count(np.int64(12_345)) == "12.345"
        assert BRITISH.count(-4, sign=True) == "−4"

    def test_numbers_have_the_decimals_asked_for(self):
        assert BRITISH.number(1234.565, 2) == "1,234.57"
        assert VIETNAMESE.number(6, 1) == "6,0"

    def test_a_percentage_is_given_in_hundredths_and_a_share_is_not(self):
        assert BRITISH.percent(43.65) == BRITISH.share(0.4365) == "43.7%"
        assert plain(GERMAN.percent(43.65)) == "43,7 %"
        assert BRITISH.share(0.5, 0) == "50%"
        assert BRITISH.share(Decimal("0.12345"), 2) == "12.35%"

    def test_a_share_is_not_rounded_twice(self):
        assert BRITISH.share(0.4445, 0) == "44%"

    def test_points_say_their_sign(self):
        assert BRITISH.points(5.84, sign=True) == "+5.8 pts"
        assert BRITISH.points(-2.65, sign=True) == "−2.7 pts"
        assert GERMAN.points(2.7) == "2,7 pts"

    def test_one_day_is_no_days(self):
        assert [BRITISH.days(n) for n in (0, 1, 31, 1_000)] == ["0 days", "1 day", "31 days", "1,000 days"]
        assert BRITISH.days(6.04, 1) == "6.0 days"

    @pytest.mark.parametrize("value", [-0.04, 0.04, -0.0])
    def test_what_rounds_to_zero_has_no_sign(self, value):
        assert BRITISH.percent(value, sign=True) == "0.0%"
        assert BRITISH.money(value, sign=True) == "£0"
        assert BRITISH.points(value, sign=True) == "0.0 pts"


class TestMissing:
    @pytest.mark.parametrize(
        "missing",
        [None, float("nan"), float("inf"), float("-inf"), np.nan, pd.NA, pd.NaT, Decimal("NaN")],
    )
    @pytest.mark.parametrize(
        "method",
        ["money", "money_exact", "money_axis", "count", "number", "percent", "share", "points", "days"],
    )
    def test_is_a_dash(self, method, missing):
        assert getattr(BRITISH, method)(missing) == "–"

    @pytest.mark.parametrize("missing", [None, pd.NaT, pd.NA, float("nan"), np.datetime64("NaT")])
    def test_is_a_dash_among_dates_too(self, missing):
        assert BRITISH.date(missing) == BRITISH.month(missing) == "–"
        assert BRITISH.span(missing, date(2026, 1, 1)) == BRITISH.span(date(2026, 1, 1), missing) == "–"

    def test_text_is_not_a_number(self):
        with pytest.raises(TypeError, match="str is no number"):
            BRITISH.money("twelve")


class TestDates:
    @pytest.mark.parametrize(
        "day",
        [
            date(2026, 11, 20),
            datetime(2026, 11, 20, 23, 59),
            pd.Timestamp("2026-11-20 23:59"),
            np.datetime64("2026-11-20"),
        ],
    )
    def test_a_day_is_written_in_full(self, day):
        assert BRITISH.date(day) == "20 November 2026"
        assert AMERICAN.date(day) == "November 20, 2026"
        assert GERMAN.date(day) == "20. November 2026"
        assert VIETNAMESE.date(day) == "20 tháng 11, 2026"

    def test_a_month_is_written_shortly(self):
        shown = [f.month(date(2026, 10, 1)) for f in (BRITISH, AMERICAN, GERMAN, VIETNAMESE)]
        assert shown == ["Oct 2026", "Oct 2026", "Okt. 2026", "thg 10 2026"]

    @pytest.mark.parametrize(
        ("start", "end", "british", "american"),
        [
            ("2026-07-01", "2026-10-01", "1 July to 30 September 2026", "July 1 to September 30, 2026"),
            ("2026-07-01", "2026-08-01", "1 to 31 July 2026", "July 1 to 31, 2026"),
            (
                "2025-07-01",
                "2026-08-01",
                "1 July 2025 to 31 July 2026",
                "July 1, 2025 to July 31, 2026",
            ),
            ("2026-07-01", "2026-07-02", "1 July 2026", "July 1, 2026"),
            ("2026-07-01", "2026-07-01", "1 July 2026", "July 1, 2026"),
        ],
    )
    def test_a_span_names_its_last_day_not_its_end(self, start, end, british, american):
        days = date.fromisoformat(start), date.fromisoformat(end)
        assert (BRITISH.span(*days), AMERICAN.span(*days)) == (british, american)

    def test_a_span_in_another_language_follows_its_grammar(self):
        july = date(2026, 7, 1), date(2026, 8, 1)
        assert plain(GERMAN.span(*july)) == "1.–31. Juli 2026"
        assert plain(VIETNAMESE.span(*july)) == "1 – 31 thg 7, 2026"

    def test_the_language_of_the_process_has_no_say(self, monkeypatch):
        monkeypatch.setenv("LC_ALL", "de_DE.UTF-8")
        before = process_locale.setlocale(process_locale.LC_TIME)
        assert BRITISH.span(date(2026, 5, 1), date(2026, 6, 1)) == "1 to 31 May 2026"
        assert process_locale.setlocale(process_locale.LC_TIME) == before


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        ("locale", "currency", "message"),
        [
            ("en-GB", "GBP", 'locale "en-GB" is not known (did you mean "en_GB"?)'),
            ("english", "GBP", 'locale "english" is not known'),
            ("", "GBP", 'locale "" is not known'),
            ("en_GB", "EURO", 'currency "EURO" is not known (did you mean "EUR"?)'),
            ("en_GB", "£", 'currency "£" is not known; allowed: an ISO 4217 code'),
            ("en_GB", "gbp", 'currency "gbp" is not known (did you mean "GBP"?)'),
        ],
    )
    def test_an_unknown_locale_or_currency_names_the_nearest(self, locale, currency, message):
        with pytest.raises(ParamsError) as caught:
            Format(locale, currency)
        assert message in str(caught.value)


AMOUNTS = st.decimals(-(10**15), 10**15, places=4)


class TestLaws:
    @given(FORMATS, AMOUNTS)
    def test_less_and_more_differ_by_their_sign_alone(self, form, amount):
        for write in (form.money, form.money_exact, form.number, form.percent, form.points):
            gain, loss = write(abs(amount), sign=True), write(-abs(amount), sign=True)
            assert gain.lstrip("+") == loss.lstrip("−")

    @given(AMOUNTS)
    def test_a_price_reads_back_to_the_nearest_penny(self, amount):
        text = BRITISH.money_exact(amount).replace("£", "").replace(",", "").replace("−", "-")
        assert abs(Decimal(text) - amount) <= Decimal("0.005")

    @given(st.integers(10_000, 10**14))
    def test_money_is_never_off_by_more_than_half_of_its_third_figure(self, amount):
        text = BRITISH.money(amount).removeprefix("£")
        words = {"k": 10**3, "m": 10**6, "bn": 10**9, "tn": 10**12}
        word = text.lstrip("0123456789.")
        shown = Decimal(text.removesuffix(word)) * words[word]
        assert abs(shown - amount) * 200 <= amount
        assert len(text.removesuffix(word).replace(".", "")) == 3

    @given(FORMATS, st.floats())
    def test_any_float_can_be_written(self, form, value):
        for write in (form.money, form.money_exact, form.money_axis, form.percent, form.count, form.days):
            text = write(value)
            assert text
            assert "nan" not in text.lower()
            assert "-" not in text
