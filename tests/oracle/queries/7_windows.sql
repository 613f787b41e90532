-- Semantics 2: the windows of a site that hold something.
-- Given: shifts (site, name, from_minute, to_minute), intervals and rolling (name, length_ms), in settings, as 0 and 1,
-- which of day, month and shifts are wanted, and rolling_at (pane_ms, at_ms): at most one instant, for rolling windows.

create table days as
select distinct site, zone, unnest(generate_series(
    local_day(zone, at_ms) - 2, local_day(zone, coalesce(until_ms, at_ms)) + 2, interval 1 day
))::date as day
from (select distinct site, at_ms, until_ms from contributions) join sites using (site);

create table bounds as
select *, midnight(zone, day) as start_ms, midnight(zone, day + 1) as end_ms from days;

create table windows as
select site, min(day) as day, name, start_ms, end_ms from (
    select site, day, 'day' as name, start_ms, end_ms from bounds, settings where with_day = 1
    union all
    select site, day, name, at_ms, least(at_ms + length_ms, end_ms) from (
        select *, unnest(generate_series(start_ms, end_ms - 1, length_ms)) as at_ms from bounds, intervals
    )
    union all
    select site, day, 'shift_' || name, at_local(zone, epoch_ms(day::timestamp) + from_minute * 60000),
        at_local(zone, epoch_ms(case when to_minute <= from_minute then day + 1 else day end::timestamp)
            + to_minute * 60000)
    from days join shifts using (site), settings where with_shifts = 1
)
where start_ms < end_ms
group by site, name, start_ms, end_ms;

-- [E - S, E), E the first pane boundary after the instant.
create view rolled as
select site, name, (at_ms // pane_ms + 1) * pane_ms - length_ms as start_ms, (at_ms // pane_ms + 1) * pane_ms as end_ms
from sites, rolling, rolling_at;

create table spanning as
select distinct site, 'month' as name, midnight(zone, date_trunc('month', day)::date) as start_ms,
    midnight(zone, (date_trunc('month', day) + interval 1 month)::date) as end_ms
from days, settings where with_month = 1
union all
from rolled;

-- Every contribution in every window that shares an instant with it, and how much of it.
create table windowed as
with spread as (
    select * exclude (amount), amount, coalesce(until_ms, at_ms + 1) as beyond_ms, unnest(generate_series(
        local_day(zone, at_ms) - 2, local_day(zone, coalesce(until_ms, at_ms)) + 1, interval 1 day
    ))::date as day from contributions join sites using (site)
), held as (
    select s.*, w.name, w.start_ms, w.end_ms from spread s join windows w using (site, day)
    where s.at_ms < w.end_ms and s.beyond_ms > w.start_ms
    union all by name
    select c.*, coalesce(until_ms, at_ms + 1) as beyond_ms, m.name, m.start_ms, m.end_ms
    from contributions c join spanning m using (site)
    where c.at_ms < m.end_ms and coalesce(until_ms, at_ms + 1) > m.start_ms
)
select site, agent, team, queue, segment, measure, currency, name, start_ms, end_ms, sum(
    case when until_ms is null then amount else least(until_ms, end_ms) - greatest(at_ms, start_ms) end
)::hugeint as amount
from held group by all;
