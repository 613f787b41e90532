# ruff: noqa: RUF001  (Chinese has its own punctuation)
"""What is said of a wrong address, in English and Chinese; the English template is the key."""

NO_PARAMETER = "there is no parameter {asked} (there are {there})"
NONE = "{name}: there is no {asked} (there are {there})"
NO_KPI = "{name}: there is no KPI {asked} (`kpi-stream kpis` lists them)"
TOO_MANY_KPIS = "kpis: at most {most}"
NO_CARD = "score: there is no scorecard {asked} (there are {there})"
NO_CARDS = "score: there is no scorecard {asked} (the configuration has none for agents, teams or leaders)"
NO_SCHEME = "scheme: there is no {asked} at level {level} (there are {there})"
NO_SCHEMES = "scheme: there is no {asked} at level {level} (the configuration has none)"
NOBODY_YET = "{level}: there is no {asked}: no {level} of site {site} is known yet"
NOBODY = "{level}: there is no {asked} at site {site} (there are {there})"
NOBODY_OF_MANY = "{level}: there is no {asked} at site {site} (there are {there} and {more} more)"
NOT_AT_LEVEL = "kpi: {kpi} does not exist at level {level}"
LONE_CURRENCY = "currency: goes with a `kpi` per currency"
NO_CURRENCY = "currency: {kpi} has none"
NOT_A_CODE = "currency: {asked} is no code such as CNY"
NOT_A_NUMBER = "agents: not a whole number from 0 to {most}: {asked}"

ZH = {
    NO_PARAMETER: "没有参数 {asked}（可用：{there}）",
    NONE: "{name}：没有 {asked}（可用：{there}）",
    NO_KPI: "{name}：没有指标 {asked}（`kpi-stream kpis` 列出全部）",
    TOO_MANY_KPIS: "kpis：最多 {most} 个",
    NO_CARD: "score：没有考核表 {asked}（可用：{there}）",
    NO_CARDS: "score：没有考核表 {asked}（配置中没有坐席、团队或组长的考核表）",
    NO_SCHEME: "scheme：{level} 级别没有 {asked}（可用：{there}）",
    NO_SCHEMES: "scheme：{level} 级别没有 {asked}（配置中没有）",
    NOBODY_YET: "{level}：没有 {asked}：职场 {site} 尚无任何 {level}",
    NOBODY: "{level}：职场 {site} 没有 {asked}（有：{there}）",
    NOBODY_OF_MANY: "{level}：职场 {site} 没有 {asked}（有：{there}，另有 {more} 个）",
    NOT_AT_LEVEL: "kpi：{kpi} 不存在于 {level} 级别",
    LONE_CURRENCY: "currency：须与按币种统计的 `kpi` 一起使用",
    NO_CURRENCY: "currency：{kpi} 不分币种",
    NOT_A_CODE: "currency：{asked} 不是 CNY 这样的代码",
    NOT_A_NUMBER: "agents：不是 0 至 {most} 的整数：{asked}",
}
