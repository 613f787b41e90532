# ruff: noqa: RUF001  (Chinese has its own punctuation)
"""The words of a score's arithmetic, in English and Chinese; the English template is the key."""

from __future__ import annotations

from collections.abc import Callable

Say = Callable[..., str]
"""A template, and the values of its fields -> the words."""

VOCABULARY = {
    "scorecard": "评分卡", "payout": "薪酬", "contest": "竞赛", "reward": "奖励",
    "agent": "催收员", "team": "团队", "leader": "组长", "queue": "队列", "segment": "分段", "site": "站点",
    "day": "日", "month": "月", "quarter": "季度",
    "base": "底薪", "commission": "提成", "allowance": "津贴",
    "whole": "整档", "slab": "分段累进", "attainment": "达成率", "amount": "金额",
    "begun": "不足一档按一档", "pro_rata": "按比例",
    "best": "最好名次", "worst": "最差名次", "mean": "平均",
    "at_least": "不低于", "at_most": "不高于", "above": "高于", "below": "低于",
    "void": "作废", "all": "全部", "factor": "乘以", "cap": "上限", "cap_amount": "金额上限",
    "both": "两者都计", "larger": "较大者",
}  # fmt: skip
"""The words of schemes that are said in the reader's language; English says them as they are."""

ZH = {
    "{kind} {name} version {version}{trial}: {level} {entity} at {site}, {period} from {start} to {end}{provisional}":
        "{kind} {name} 第{version}版{trial}：{site} 的 {level} {entity}，{period}，{start} 至 {end}{provisional}",
    ", ": "，",
    "{part}: {amount}": "{part}：{amount}",
    ", on trial": "（试运行）",
    ", provisional": "，暂定",
    "no data": "无数据",
    "none": "无",
    "undefined": "无定义",
    "gate {gate}: {value}": "门槛 {gate}：{value}",
    "factor {factor}: x {value}{rule}": "系数 {factor}：× {value}{rule}",
    " ({start}, {change} per full {per}{bounds})": "（起始 {start}，每满 {per} 变动 {change}{bounds}）",
    "R = {amount}, T = {target}, a = R / T = {reached}":
        "基数 R = {amount}，目标 T = {target}，达成率 a = R / T = {reached}",
    "next step of the commission at {bound}, {away} away: {rate}": "提成下一档在 {bound}，还差 {away}：{rate}",
    "no data: {points} points": "无数据：{points} 分",
    "{value}, but no target: {points} points": "{value}，但没有目标：{points} 分",
    "{value}{few}{how} = {points} points": "{value}{few}{how} = {points} 分",
    " (few: under the minimum sample)": "（样本不足）",
    "; target {target}, {attainment} of it{bounds}; x weight {weight}":
        "；目标 {target}，达成 {attainment}{bounds}；× 权重 {weight}",
    "; x {shared}, with the weight of what has no data": "；× {shared}（无数据者的权重分给其余各项）",
    ", not under {bound}": "，不低于 {bound}",
    ", not over {bound}": "，不高于 {bound}",
    ", under the first step": "，未达第一档",
    ", step {bound}": "，档位 {bound}",
    "; {weight} less {points} per {per} ({counted}) over the limit {limit}":
        "；{weight} 分起，每超过限值 {limit} 达 {per}（{counted}）扣 {points} 分",
    "; {weight} less {points} per {per} ({counted}) short of the limit {limit}":
        "；{weight} 分起，每低于限值 {limit} 达 {per}（{counted}）扣 {points} 分",
    ", highest first": "，高者在前",
    ", lowest first": "，低者在前",
    ", on the line from ({x0}, {p0}) to ({x1}, {p1})": "，在（{x0}，{p0}）至（{x1}，{p1}）的直线上",
    "{more}: {points} points": "{more}：{points} 分",
    "{more}: {amount}": "{more}：{amount}",
    "one more of {of}": "再多一个（{of}）",
    "{amount} more of {of}": "再多 {amount}（{of}）",
    "one minute more of {of}": "再多一分钟（{of}）",
    "{name} ({told})": "{name}（{told}）",
    "{name}: {told}": "{name}：{told}",
    " x ": " × ",
    "; x {factor}": "；× {factor}",
    "next step at {bound}, {away} away: {points} points": "下一档在 {bound}，还差 {away}：{points} 分",
    "no value": "无数值",
    ", must not be below {bound}": "，不得低于 {bound}",
    ", must not be above {bound}": "，不得高于 {bound}",
    "{value}{bounds}: missed ({effect})": "{value}{bounds}：未达标（{effect}）",
    "{value}{bounds}: passed": "{value}{bounds}：达标",
    "share of the base by attainment: {steps}": "按达成率计的底薪比例：{steps}",
    "commission, {reading}, by {by}: {steps}{beyond}": "提成（{reading}，按 {by}）：{steps}{beyond}",
    ", then {rate} more for every full {step}": "，此后每满 {step} 再加 {rate}",
    "from {bound}: {given}": "自 {bound}：{given}",
    "flags: {flags}": "标记：{flags}",
    "score {score}": "得分 {score}",
    "amount {amount} {currency}": "金额 {amount} {currency}",
    "place {place} of {of}": "第 {place} 名，共 {of} 名",
    "grade {grade}": "等级 {grade}",
    "next grade: {grade} at {bound}, {away} away": "下一等级：{grade}，需 {bound}，还差 {away}",
    "it pays for one thing alone, for this reason: {reason}": "只按一项计酬，理由：{reason}",
    "provisional: {end} has not come, or numbers of before may still change":
        "暂定：尚未到 {end}，或之前的数字仍可能变动",
    "provisional: it is settled {settle} after {end}, and numbers of before may still change":
        "暂定：{end} 之后 {settle} 才结算，之前的数字仍可能变动",
    "a = score {score}": "a = 得分 {score}",
    "base {base} x share {share}{streak}": "底薪 {base} × 比例 {share}{streak}",
    ", unless a streak sets it": "（除非连续规则另定）",
    "commission before factors: {products}": "系数之前的提成：{products}",
    "first": "前几名",
    "last": "末几名",
    "amounts of the {end}: {amounts}{must}": "{end}金额：{amounts}{must}",
    "equal ones by {ties}{order}": "相同者按 {ties}{order}",
    "placed from {least} {source} on": "{source} 至少 {least} 才参与排名",
    "{amount} from {least} on, and {more} for each beyond{bounds}":
        "满 {least} 得 {amount}，此后每多一个加 {more}{bounds}",
    "beside an amount above 0 of contest {contest} counts: {stack}": "竞赛 {contest} 的金额也大于零时，计：{stack}",
    "that of the site": "全站点数值",
    "one's own {periods} periods before": "本人 {periods} 期之前的数值",
    "; place {place} of {of}": "；第 {place} 名，共 {of} 名",
    ", points by place: {points}": "，按名次得分：{points}",
    ", shared by {equal}: {ties}": "，{equal} 人并列：取{ties}",
    "streak {flag}: score below {below} in {periods} periods in a row":
        "连续规则 {flag}：连续 {periods} 期得分低于 {below}",
    "streak {flag}: place {place} or worse in {periods} periods in a row":
        "连续规则 {flag}：连续 {periods} 期排名第 {place} 或更后",
    "streak: a below {below} in {periods} periods in a row: {then}":
        "连续规则：连续 {periods} 期 a 低于 {below}：{then}",
    "before, with places: {told}": "此前各期（名次）：{told}",
    "a of the periods before: {told}": "此前各期的 a：{told}",
    "share {share}": "比例 {share}",
    "base {base}": "底薪 {base}",
    "; without rounding each: {score}": "；各项不先四舍五入：{score}",
    "{value}, but nothing to compare it with: {points} points": "{value}，但没有可比的数值：{points} 分",
    "points: {told}": "合计分数：{told}",
    "pay: {told}": "合计金额：{told}",
    "; void: {names}": "；作废：{names}",
    "next step of the base at a = {bound}, {away} away: x {share}": "底薪下一档在 a = {bound}，还差 {away}：× {share}",
    "{own} by place, but reward {names} counts instead": "按名次 {own}，但改计奖励 {names}",
    "{own} by itself, but contest {names} counts instead": "本身 {own}，但改计竞赛 {names}",
    "provisional: as of {as_of} the period goes on, until {end}": "暂定：截至 {as_of}，本期尚未结束（至 {end}）",
    "provisional: the period has ended, and events of it may still come or be corrected":
        "暂定：本期已结束，但其事件仍可能到达或被更正",
    "; it is settled {settle} after {end}, at {until}": "；{end} 之后 {settle} 结算，即 {until}",
    "days": "天",
    "hours": "小时",
    **VOCABULARY,
}  # fmt: skip


def english(template: str, **values: object) -> str:
    """The words in English."""
    return template.format(**values)


def chinese(template: str, **values: object) -> str:
    """The words in Chinese. KeyError: there are none."""
    return ZH[template].format(**values)


LANGUAGES: dict[str, Say] = {"en": english, "zh": chinese}
