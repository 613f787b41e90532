// The page's own words. KPI names come with the data, in both languages.
import { WORDS_OF_VIEWS } from "./words_views.js";

const WORDS = {
  en: {
    asOf: "as of", live: "live", polled: "live · polling", stale: "old data", lost: "no connection", loading: "reading",
    teams: "Teams", leaders: "Leaders", queues: "Queues", segments: "Segments", agents: "Agents by", alerts: "Alerts", of: "of", noTeams: "None in this window yet.",
    noAgents: "No agent in this window yet.", noAlerts: "Nothing fires.", recent: "Resolved", final: "final", soFar: "so far",
    no_data: "no data", few: "too few", absent: "off shift", seconds: "s", minutes: "min", hours: "h", days: "d", ago: "ago",
    ahead: "ahead", team: "Team", leader: "Leader", queue: "Queue", segment: "Segment", agent: "Agent", perHour: "/h", points: "points", since: "since", site: "floor", limit: "limit",
    severity: { good: "within limits", watch: "close to the limit", info: "note", warning: "warning", critical: "act now" },
    staleLong: "The numbers are old. Counted up to", lostLong: "No answer from the server since", loadingLong: "Reading the topics: numbers may be incomplete",
    noneYet: "No KPI record of this site yet",
    nothingYet: "Nothing has come in this window yet", notHere: "This site has no such window", begins: "Begins at",
    apartTeam: "names no team: counts for the floor only", apartAgent: "names no agent: ranked nowhere",
    apartAlerts: "Of what names no team or agent", cut: "no new numbers", cutLong: "No new numbers:", countedUpTo: "Counted up to",
    wrong: "wrong address", wrongLong: "This address cannot be shown:", busy: "busy", back: "Show the first view", trouble: {},
    below: "below", above: "above", takenBy: "taken by", nobodyHas: "nobody has it", takeOn: "Take it on", giveBack: "Give it back", yourName: "Your name", silence: "Silence 1 h", why: "Why is it silenced?", notWritten: "Not written:",
    silenced: "silenced", muted: "muted", until: "until", newAlert: "New alert", lastHours: "last 2 h", dayBefore: "yesterday", help: "What it means", close: "Close",
    statuses: { no_data: "nothing to divide: it is not 0", few: "fewer than the KPI's minimum sample", absent: "nothing was published for this window" }, pending: "pending", title: "Collections floor",
    target: "target", aims: { good: "on target", watch: "behind target" },
    standings: "Debtors near a limit", near: "near", reached: "reached", breached: "over",
  },
  zh: {
    asOf: "统计至", live: "实时", polled: "实时（轮询）", stale: "数据过期", lost: "连接中断", loading: "读取中",
    teams: "团队", leaders: "组长", queues: "队列", segments: "客群", agents: "坐席排行：", alerts: "告警", of: "/", noTeams: "本时段暂无数据。",
    noAgents: "本时段暂无坐席数据。", noAlerts: "无告警。", recent: "已恢复", final: "已定稿", soFar: "进行中",
    no_data: "无数据", few: "样本不足", absent: "未在班", seconds: "秒", minutes: "分", hours: "小时", days: "天", ago: "前",
    ahead: "后", team: "团队", leader: "组长", queue: "队列", segment: "客群", agent: "坐席", perHour: "/小时", points: "分", since: "自", site: "全场", limit: "限值",
    severity: { good: "正常", watch: "接近限值", info: "提示", warning: "警告", critical: "立即处理" },
    staleLong: "数据已过期，统计至", lostLong: "服务器无响应，自", loadingLong: "正在读取历史，数据可能不完整",
    noneYet: "该职场尚无指标记录",
    nothingYet: "本时段尚无数据", notHere: "该职场没有此时段", begins: "开始于",
    apartTeam: "未归属任何团队：只计入全场", apartAgent: "未归属任何坐席：不参与排行",
    apartAlerts: "未归属部分", cut: "无新数据", cutLong: "无新数据：", countedUpTo: "统计至",
    wrong: "地址有误", wrongLong: "无法显示此地址：", busy: "繁忙", back: "显示默认视图",
    trouble: {
      starting: "尚未连接 Kafka", silent: "Kafka 无响应", unreachable: "无法连接 Kafka", no_topic: "主题尚未创建（kpi-stream topics create）",
      refused: "Kafka 拒绝此用户，请检查配置 kafka.*", error: "Kafka 返回错误",
    },
    below: "低于", above: "高于", takenBy: "已受理：", nobodyHas: "无人受理", takeOn: "受理", giveBack: "取消受理", yourName: "您的姓名", silence: "静默 1 小时", why: "静默原因", notWritten: "未能写入：",
    silenced: "条已静默", muted: "条被抑制", until: "至", newAlert: "新告警", lastHours: "近两小时", dayBefore: "昨日", help: "指标与标记说明", close: "关闭",
    statuses: { no_data: "无可除之数，并非 0", few: "少于指标的最小样本", absent: "本时段未发布数据" }, pending: "待定", title: "催收现场",
    target: "目标", aims: { good: "达标", watch: "未达目标进度" },
    standings: "接近限次的债务人", near: "接近", reached: "已达", breached: "超限",
  },
};

const asked = new URLSearchParams(location.search).get("lang") ?? navigator.language ?? "en";
export const language = asked.toLowerCase().startsWith("zh") ? "zh" : "en";
export const words = { ...WORDS[language], ...WORDS_OF_VIEWS[language] };
