// The words of the views behind the floor: scores, places, agents and their numbers.
export const WORDS_OF_VIEWS = {
  en: {
    score: "Score", place_: "place", grade: "grade", provisional: "provisional", trial: "on trial", withheld: "not named", noScore: "no score",
    ofQueues: { offered: "offered", abandonment_rate: "abandoned", answer_wait_mean: "wait" }, not_kept: "–",
    byRank: "Places", agentsNow: "Agents now", noStates: "No agent has given a state yet.", state: "State", forHow: "for",
    states: { on_call: "on call", wrap: "wrap-up", available: "available", break: "break", training: "training", meeting: "meeting", logged_out: "signed out" },
    sideBySide: "Its windows side by side", kpi: "KPI", members: "Its agents", noMembers: "No agent is known to be of this team: agents' states or the file of names say so.",
    scoresOf: "Scores and how they come about", noScores: "No score of a period that has begun.",
    payNeeds: "What it was computed from is printed by", numberIs: "What this number is", made: "numerator", over: "denominator", notCounted: "Not counted", unknownIs: "Where something is unknown", rollingShows: "In a rolling window",
    definition: "definition", catalogue: "catalogue", window: "Window", value: "Value", parts: "Made of", counted: "Counted up to", revision: "revision", judges: "Judged by", nobodyJudges: "no rule",
    facts: "Show its facts", factsOf: "The facts behind it", reading: "Reading the events. This takes as long as there are many.", factsElsewhere: "Not here: a `kpi-stream board` reads them, or this command prints them.",
    leftOut: "lines left out", noNumber: "Nothing has come for it in any window.", direction: { higher: "more is better", lower: "less is better" }, alertsOf: "Its alerts",
    whoAre: "Show who they are", nobodyNow: "None any more.", sorted: "sorted by this", sortBy: "sort by", worstFirst: "worst first", byName: "by name", nowIn: "now",
  },
  zh: {
    score: "得分", place_: "名次", grade: "等级", provisional: "暂定", trial: "试运行", withheld: "不具名", noScore: "无得分",
    ofQueues: { offered: "呼入", abandonment_rate: "放弃", answer_wait_mean: "等待" }, not_kept: "–",
    byRank: "排行", agentsNow: "坐席当前状态", noStates: "尚无坐席状态。", state: "状态", forHow: "已持续",
    states: { on_call: "通话中", wrap: "话后处理", available: "空闲", break: "小休", training: "培训", meeting: "会议", logged_out: "已签出" },
    sideBySide: "各时段对照", kpi: "指标", members: "所属坐席", noMembers: "尚不知有坐席属于该团队：以坐席状态或名称文件为准。",
    scoresOf: "得分及其计算", noScores: "尚无已开始周期的得分。",
    payNeeds: "计算依据由此命令打印", numberIs: "指标定义", made: "分子", over: "分母", notCounted: "不计入", unknownIs: "未知时", rollingShows: "滚动窗口中",
    definition: "定义", catalogue: "目录", window: "时段", value: "数值", parts: "构成", counted: "统计至", revision: "修订", judges: "判定规则", nobodyJudges: "无规则",
    facts: "显示明细", factsOf: "数值背后的事实", reading: "正在读取事件，事件多则耗时长。", factsElsewhere: "此处不提供：由 `kpi-stream board` 读取，或用此命令打印。",
    leftOut: "行已省略", noNumber: "各时段均无数据。", direction: { higher: "越高越好", lower: "越低越好" }, alertsOf: "相关告警",
    whoAre: "显示是哪些债务人", nobodyNow: "现已没有。", sorted: "当前排序", sortBy: "按此排序", worstFirst: "差者在前", byName: "按名称", nowIn: "现为",
  },
};
