"""The rules that ship with the product, copied by hand from the table of the page (docs/conduct.md, section 6)."""

from __future__ import annotations

from typing import Any

CONSENT_OF_REG_F = {"consent": True, "consent_days": 7, "consent_ends": "conversation"}
SHIPPED: list[dict[str, Any]] = [
    {
        "pack": "us_reg_f",
        "effective_from": "2021-11-30",
        "rules": [
            {
                "rule": "calls_in_7_days",
                "kind": "frequency",
                "counts": "connected_attempts",
                "per": "case",
                "limit": 7,
                "window": {"days": 7},
                **CONSENT_OF_REG_F,
            },
            {"rule": "after_conversation", "kind": "spacing", "per": "case", "days": 7, "local": True}
            | CONSENT_OF_REG_F,
            {"rule": "hours", "kind": "hours", "from": "08:00", "until": "21:00", "consent": True},
        ],
    },
    {
        "pack": "us_ma",
        "rules": [
            {
                "rule": "contacts_in_7_days",
                "kind": "frequency",
                "counts": "contacts",
                "channels": ["call", "sms"],
                "per": "case",
                "limit": 2,
                "window": {"days": 7},
            },
            {"rule": "hours", "kind": "hours", "from": "08:00", "until": "21:00"},
        ],
    },
    {
        "pack": "cn_gbt_45251",
        "effective_from": "2025-02-28",
        "rules": [
            {"rule": "night", "kind": "hours", "from": "08:00", "until": "22:00", "consent": True},
            {
                "rule": "conversations_per_day",
                "kind": "frequency",
                "counts": "conversations",
                "per": "debtor",
                "limit": 3,
                "window": {"days": 1, "local": True},
            },
            {"rule": "third_party", "kind": "third_party"},
        ],
    },
    {
        "pack": "cn_cba_2026",
        "effective_from": "2026-01-30",
        "rules": [
            {
                "rule": "unanswered_per_number",
                "kind": "frequency",
                "counts": "unanswered_attempts",
                "per": "number",
                "limit": 6,
                "window": {"days": 1, "local": True},
            },
            {"rule": "night", "kind": "hours", "from": "08:00", "until": "22:00", "consent": True},
        ],
    },
    {
        "pack": "uk_conc",
        "rules": [
            {"rule": "breathing_space", "kind": "restricted", "kinds": ["breathing_space"]},
            {"rule": "preference", "kind": "quiet"},
            {"rule": "complaint_response", "kind": "deadline", "days": 56},
        ],
    },
    {
        "pack": "in_rbi",
        "effective_from": "2022-08-12",
        "rules": [
            {"rule": "hours", "kind": "hours", "from": "08:00", "until": "19:00"},
            {"rule": "recorded", "kind": "recorded", "status": "draft"},
        ],
    },
    {
        "pack": "any",
        "rules": [
            {
                "rule": "restricted",
                "kind": "restricted",
                "kinds": ["cease_contact", "attorney", "deceased", "dispute", "wrong_number"],
            },
            {"rule": "quiet", "kind": "quiet"},
        ],
    },
]
