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
