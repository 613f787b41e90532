# ruff: noqa: RUF001  (Chinese has its own punctuation)
"""KPIs of conduct: what rules find against contacts and complaints. They exist where there is a section `conduct`."""

from stream.kpis.kpi import Kpi

UNTIL_JUDGED = "a deadline counts once it has passed; a late consent or correction takes a breach back"

KPIS = (
    Kpi("conduct_breaches", ("conduct_breaches",), None, "count", "lower", "Conduct breaches", "违规次数",
        "Contacts and complaints that a conduct rule finds against, once for each rule, at the time of the contact or "
        "of the deadline.",
        not_counted="drafts, rules that the site has not chosen, and contacts outside a rule's dates; later legs of "
        "calls, and whatever has no debtor",
        unknown="a debtor whose zone is unknown is judged in the site's", rolling=UNTIL_JUDGED),
    Kpi("conduct_breach_rate", ("conduct_breaches",), ("dials",), "permille", "lower", "Conduct breach rate", "违规率",
        "Conduct breaches per thousand dials.",
        not_counted="messages, visits and complaints are no dials, though they can be breaches",
        unknown="a debtor whose zone is unknown is judged in the site's", rolling=UNTIL_JUDGED),
)  # fmt: skip

IDS = frozenset(kpi.id for kpi in KPIS)

CHINESE = {
    "Contacts and complaints that a conduct rule finds against, once for each rule, at the time of the contact or of "
    "the deadline.": "被合规规则判为违规的接触与投诉，每条规则各计一次，计在接触或期限之时。",
    "Conduct breaches per thousand dials.": "每千次拨打的违规次数。",
    "later legs of calls, and whatever has no debtor": "通话的后续各段，以及没有债务人者",
    "drafts, rules that the site has not chosen, and contacts outside a rule's dates":
        "草稿、该职场未选用的规则，以及规则有效期之外的接触",
    "messages, visits and complaints are no dials, though they can be breaches":
        "消息、外访与投诉可构成违规，但不是拨打",
    "a debtor whose zone is unknown is judged in the site's": "时区未知的债务人按职场时区判定",
    "a deadline counts once it has passed": "期限过后才计",
    "a late consent or correction takes a breach back": "迟到的同意或更正会撤回违规",
}  # fmt: skip
"""What rows say, in Chinese: by their English text, or a part of it up to a semicolon (`chinese.py`)."""
