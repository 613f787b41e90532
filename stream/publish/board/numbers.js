// From exact numbers in the catalogue's units to text: [figure, unit]. No value, no figure: the status in words instead.
import { language, words } from "./words.js";

const locale = language === "zh" ? "zh-CN" : "en-GB";
export const SHARES_OF_TIME = ["occupancy_ratio", "effective_talk_ratio"];  // their parts are milliseconds
const MINUTE = 60e3, HOUR = 3600e3, DAY = 86400e3;

const formats = new Map();  // making one takes as long as a hundred uses of it

const fixed = (value, digits) => {
  if (!formats.has(digits)) formats.set(digits, new Intl.NumberFormat(locale, { minimumFractionDigits: digits, maximumFractionDigits: digits }));
  return formats.get(digits).format(value);
};
const plain = new Intl.NumberFormat(locale);

// Cut, not rounded, where rounding would claim 100 % or 0 % for what is neither.
function share(value, factor) {
  const scaled = value * factor;
  if (value > 0 && scaled < 0.05) return "<0.1";
  if (value < 1 && scaled > factor - 0.05) return fixed(factor - 0.1, 1);
  return fixed(scaled, Math.abs(scaled) >= factor && Number.isInteger(scaled) ? 0 : 1);
}

export function duration(ms) {
  if (ms === 0) return ["0", words.seconds];
  if (ms < MINUTE) return [fixed(ms / 1000, ms < 10e3 ? 1 : 0), words.seconds];
  if (ms < HOUR) {
    const s = Math.round(ms / 1000);
    return [`${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`, words.minutes];
  }
  return ms < 2 * DAY ? [fixed(ms / HOUR, 1), words.hours] : [fixed(ms / DAY, 1), words.days];
}

export function amount(minor, digits) {
  const major = minor / 10 ** digits, size = Math.abs(major);
  if (language === "zh" && size >= 1e8) return [fixed(major / 1e8, 2), "亿"];
  if (language === "zh" && size >= 1e6) return [fixed(major / 1e4, 1), "万"];
  if (language === "en" && size >= 1e9) return [fixed(major / 1e9, 2), "bn"];
  if (language === "en" && size >= 1e6) return [fixed(major / 1e6, 2), "m"];
  return [fixed(major, size >= 1000 || size === 0 ? 0 : digits), ""];
}

export function exactAmount(minor, digits, currency) {
  return `${fixed(minor / 10 ** digits, digits)} ${currency ?? ""}`.trim();
}

export function figure(value, { unit, digits, currency }) {
  if (value === null || value === undefined) return null;
  if (unit === "ratio") return [share(value, 100), "%"];
  if (unit === "permille") return [fixed(value, 1), "‰"];
  if (unit === "ms") return duration(value);
  if (unit === "minor" || unit === "minor per hour") {
    const [text, scale] = amount(value, digits);
    return [text, [scale, currency ?? "", unit === "minor" ? "" : words.perHour].join(" ").trim()];
  }
  if (unit === "per hour") return [fixed(value, 1), words.perHour];
  if (unit === "points") return [fixed(value, 1), words.points];
  return [plain.format(value), ""];
}

// What the figure was made of, for the small print: "128 of 400".
export function parts(cell, column) {
  if (cell.d === null) return column.unit === "minor" ? exactAmount(cell.n, column.digits, column.currency) : "";
  if (["ms", "per hour", "minor per hour", "points"].includes(column.unit)) return "";
  if (SHARES_OF_TIME.includes(column.kpi)) {
    return `${fixed(cell.n / HOUR, 1)} ${words.of} ${fixed(cell.d / HOUR, 1)} ${words.hours}`;
  }
  const count = (n) => (column.currency ? amount(n, column.digits).join(" ").trim() : plain.format(n));
  return `${count(cell.n)} ${words.of} ${count(cell.d)}`;
}

export function age(ms) {
  const size = Math.abs(ms), tail = ms < -MINUTE ? words.ahead : words.ago;
  if (ms <= 0 && size <= MINUTE) return `0 ${words.seconds} ${words.ago}`;
  const [text, unit] = size < MINUTE ? [Math.floor(size / 1000), words.seconds]
    : size < HOUR ? [Math.floor(size / MINUTE), words.minutes]
    : size < 2 * DAY ? [Math.floor(size / HOUR), words.hours] : [Math.floor(size / DAY), words.days];
  return `${text} ${unit} ${tail}`;
}

export function clock(ms, zone, nowMs) {
  const day = (at) => new Intl.DateTimeFormat("en-CA", { timeZone: zone, dateStyle: "short" }).format(at);
  const time = new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeStyle: "medium" }).format(ms);
  return day(ms) === day(nowMs) ? time : `${day(ms)} ${time}`;
}

export function minute(text, zone) {
  return new Intl.DateTimeFormat("en-GB", { timeZone: zone, timeStyle: "short" }).format(new Date(text));
}
