"""What the three demonstration organisations are: every number that is not drawn."""

from __future__ import annotations

from datetime import date

from analytics.data.demo.accounts import AccountRules, Hazard
from analytics.data.demo.baskets import Assortment
from analytics.data.demo.campaigns import Campaign
from analytics.data.demo.contracts import Software
from analytics.data.demo.season import Season, between
from analytics.data.demo.shop import Shop
from analytics.data.demo.shoppers import Shoppers

_HOLIDAYS = tuple(
    date(year, month, day) for year in (2023, 2024, 2025, 2026) for month, day in ((12, 25), (12, 26), (1, 1))
)
_LUNAR_NEW_YEAR = tuple(
    date(year, month, day + offset)
    for year, month, day in ((2024, 2, 10), (2025, 1, 29), (2026, 2, 17))
    for offset in range(3)
)

_TILL = Season(
    months=(0.80, 0.84, 0.95, 1.00, 1.02, 0.98, 0.92, 0.88, 1.00, 1.04, 1.22, 1.55),
    weekdays=(0.85, 0.82, 0.88, 1.00, 1.15, 1.45, 0.75),
    closed=_HOLIDAYS,
    hours=between(9, 20, {12: 1.9, 13: 1.5, 17: 1.8, 18: 1.6, 19: 0.7}),
)
_ORDER_DESK = Season(
    months=(0.95, 0.95, 1.05, 1.00, 1.00, 1.00, 0.90, 0.80, 1.10, 1.15, 1.20, 0.90),
    weekdays=(1.30, 1.25, 1.10, 1.05, 0.90, 0.10, 0.02),
    closed=_HOLIDAYS,
    hours=between(8, 18, {9: 1.8, 10: 1.7, 12: 0.5, 17: 0.6}),
)
_STREET_SHOP = Season(
    months=(1.40, 0.75, 0.92, 0.95, 0.98, 0.96, 0.92, 0.90, 1.00, 1.00, 1.05, 1.22),
    weekdays=(0.88, 0.86, 0.90, 0.95, 1.10, 1.35, 1.25),
    closed=_LUNAR_NEW_YEAR,
    hours=between(7, 21, {8: 1.6, 9: 1.4, 12: 0.5, 13: 0.4, 17: 1.7, 18: 1.8, 19: 1.5}),
)

RETAIL_SHOP = Shop(
    kinds=(
        Shoppers(
            customer_type="RETAIL",
            share=0.85,
            r=1.2,
            alpha=8.5,
            a=0.9,
            b=9.5,
            p=6.0,
            q=4.2,
            gamma=34.0,
            season=_TILL,
            lines=(0.45, 0.30, 0.16, 0.09),
            return_probability=0.045,
            payments={"Card": 0.56, "Cash": 0.19, "Mobile wallet": 0.20, "Voucher": 0.05},
            channels={"Shop": 0.68, "Web": 0.32},
            credit_share=0.06,
            credit_limits=(200, 500),
            on_account=False,
        ),
        Shoppers(
            customer_type="WHOLESALE",
            share=0.15,
            r=2.4,
            alpha=11.0,
            a=0.7,
            b=16.0,
            p=5.0,
            q=5.0,
            gamma=520.0,
            season=_ORDER_DESK,
            lines=(0.15, 0.25, 0.30, 0.20, 0.10),
            return_probability=0.02,
            payments={"Invoice": 0.72, "Bank transfer": 0.28},
            channels={"Sales team": 0.60, "Web": 0.40},
            credit_share=0.88,
            credit_limits=(2_000, 5_000, 10_000, 20_000),
            on_account=True,
        ),
    ),
    assortment=Assortment(
        categories={
            "Coffee": (0.22, 0.42, 12.0),
            "Filters and cups": (0.10, 0.55, 8.0),
            "Tea": (0.15, 0.48, 9.0),
            "Teapots": (0.06, 0.38, 34.0),
            "Chocolate": (0.17, 0.36, 7.0),
            "Pastry": (0.14, 0.30, 6.0),
            "Machines": (0.05, 0.22, 160.0),
            "Gifts": (0.11, 0.50, 25.0),
        },
        companions={
            "Coffee": "Filters and cups",
            "Tea": "Teapots",
            "Machines": "Coffee",
            "Chocolate": "Gifts",
        },
        affinity=0.50,
        products=8,
    ),
    campaigns=(
        Campaign("R01", "Opening flyer", "Post", "acquisition", date(2023, 11, 1), 60, 30_000),
        Campaign(
            "R02",
            "Spring voucher",
            "E-mail",
            "retention",
            date(2024, 4, 8),
            28,
            900,
            contact_share=0.60,
            effects=(("control", 0.0), ("voucher", 0.09)),
        ),
        Campaign("R03", "Autumn posters", "Outdoor", "acquisition", date(2024, 9, 2), 45, 28_000),
        Campaign(
            "R04",
            "We miss you",
            "Post",
            "winback",
            date(2025, 2, 3),
            28,
            1_400,
            audience="lapsed",
            contact_share=0.60,
            effects=(("control", 0.0), ("letter", 0.05)),
        ),
        Campaign(
            "R05",
            "Voucher or sample",
            "E-mail",
            "retention",
            date(2025, 9, 8),
            28,
            1_600,
            contact_share=0.75,
            effects=(("control", 0.0), ("sample", 0.04), ("voucher", 0.12)),
        ),
        Campaign("R06", "Social adverts", "Social", "acquisition", date(2026, 1, 12), 240, 42_000),
        Campaign(
            "R07",
            "Newsletter",
            "E-mail",
            "retention",
            date(2026, 4, 13),
            28,
            600,
            contact_share=0.60,
            effects=(("control", 0.0), ("newsletter", 0.0)),
        ),
        Campaign(
            "R08",
            "Summer thank-you",
            "E-mail",
            "other",
            date(2026, 7, 6),
            28,
            500,
            contact_share=0.30,
            effects=(("card", 0.05),),
        ),
        Campaign("R09", "Social adverts", "Social", "acquisition", date(2025, 1, 13), 240, 36_000),
    ),
    regions=("North", "South", "East", "West"),
    step=1,
    opening_wave=9.0,
)

VIETNAM_SHOP = Shop(
    kinds=(
        Shoppers(
            customer_type="RETAIL", share=0.82, r=1.3, alpha=8.5, a=0.9, b=10.0, p=7.0, q=4.5,
            gamma=480_000.0, season=_STREET_SHOP, lines=(0.40, 0.32, 0.18, 0.10), return_probability=0.03,
            payments={"Cash": 0.34, "E-wallet": 0.38, "Bank transfer": 0.18, "Card": 0.10},
            channels={"Shop": 0.55, "Marketplace": 0.30, "Web": 0.15},
            credit_share=0.0, credit_limits=(5_000_000,), on_account=False,
        ),
        Shoppers(
            customer_type="WHOLESALE", share=0.18, r=2.2, alpha=10.0, a=0.7, b=15.0, p=6.0, q=5.5,
            gamma=6_000_000.0, season=_STREET_SHOP, lines=(0.15, 0.25, 0.30, 0.20, 0.10),
            return_probability=0.015,
            payments={"Bank transfer": 0.85, "Cash": 0.15},
            channels={"Sales team": 0.75, "Web": 0.25},
            credit_share=0.85, credit_limits=(20_000_000, 50_000_000, 100_000_000), on_account=True,
        ),
    ),
    assortment=Assortment(
        categories={
            "Rice cookers": (0.10, 0.20, 900_000.0),
            "Kitchenware": (0.20, 0.34, 250_000.0),
            "Fans": (0.14, 0.22, 600_000.0),
            "Coffee": (0.22, 0.40, 160_000.0),
            "Phin filters": (0.10, 0.52, 90_000.0),
            "Gift boxes": (0.12, 0.45, 500_000.0),
            "Lamps": (0.12, 0.36, 350_000.0),
        },
        companions={"Coffee": "Phin filters", "Rice cookers": "Kitchenware", "Gift boxes": "Coffee"},
        affinity=0.50,
        products=8,
    ),
    campaigns=(
        Campaign("V01", "Opening weeks", "Social", "acquisition", date(2023, 11, 1), 60, 2_000_000_000),
        Campaign(
            "V02", "New Year greeting", "Messenger", "retention", date(2025, 1, 6), 28, 20_000_000,
            contact_share=0.70, effects=(("control", 0.0), ("voucher", 0.10)),
        ),
        Campaign(
            "V03", "Come back", "Messenger", "winback", date(2026, 3, 9), 28, 15_000_000, audience="lapsed",
            contact_share=0.70, effects=(("control", 0.0), ("call", 0.07)),
        ),
        Campaign(
            "V04", "Marketplace adverts", "Marketplace", "acquisition", date(2026, 1, 5), 200, 1_200_000_000,
        ),
        Campaign(
            "V05", "Marketplace adverts", "Marketplace", "acquisition", date(2025, 1, 6), 200, 1_100_000_000,
        ),
    ),
    regions=("South", "North", "Centre"),
    step=100_000,
    opening_wave=8.0,
)  # fmt: skip

SOFTWARE_COMPANY = Software(
    rules=AccountRules(),
    campaigns=(
        Campaign("S01", "Search adverts", "Web search", "acquisition", date(2023, 11, 1), 365, 1_300_000),
        Campaign("S02", "Autumn fair", "Event", "acquisition", date(2024, 10, 7), 5, 180_000),
        Campaign(
            "S03",
            "Success check-in",
            "Call",
            "retention",
            date(2025, 3, 31),
            90,
            18_000,
            contact_share=0.80,
            effects=(("control", 0.0), ("call", -0.8)),
        ),
        Campaign("S04", "Partner programme", "Partner", "acquisition", date(2026, 1, 5), 240, 700_000),
        Campaign(
            "S05",
            "Training videos",
            "E-mail",
            "retention",
            date(2026, 4, 30),
            90,
            4_000,
            contact_share=0.80,
            effects=(("control", 0.0), ("videos", 0.0)),
        ),
        Campaign("S06", "Search adverts", "Web search", "acquisition", date(2025, 1, 6), 360, 1_900_000),
        Campaign("S07", "Search adverts", "Web search", "acquisition", date(2026, 1, 5), 300, 1_800_000),
    ),
    regions=("DACH", "UK", "Nordics", "APAC"),
    customer_types=(("SMALL", 0), ("MEDIUM", 15), ("LARGE", 60)),
    price_factor=1,
)

VIETNAM_COMPANY = Software(
    rules=AccountRules(hazard=Hazard(intercept=-4.65, login_fall=1.8, detractor=1.8)),
    campaigns=(
        Campaign("V11", "Trade fair", "Event", "acquisition", date(2025, 3, 3), 5, 1_500_000_000),
        Campaign(
            "V12", "Visit before renewal", "Visit", "retention", date(2025, 9, 30), 90, 90_000_000,
            contact_share=0.80, effects=(("control", 0.0), ("visit", -0.8)),
        ),
        Campaign(
            "V13", "Search adverts", "Web search", "acquisition", date(2025, 11, 3), 360, 2_400_000_000,
        ),
    ),
    regions=("APAC", "DACH", "Hanoi", "Ho Chi Minh City"),
    customer_types=(("CONTRACT", 0),),
    price_factor=24_000,
)  # fmt: skip
