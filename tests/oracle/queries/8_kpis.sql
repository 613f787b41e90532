-- Contract 2 and definitions 6: numerator and denominator of every KPI of every entity and window.
-- Given: catalogue (kpi, numerator, denominator, per_currency, levels): lists of measures, null for no denominator, and
-- of the levels at which the KPI exists.

create table sums as
with levels as (
    select site, 'agent' as level, agent as entity, * exclude (site, agent, team, queue, segment) from windowed
    union all by name
    select site, 'team' as level, team as entity, * exclude (site, agent, team, queue, segment) from windowed
    union all by name
    select site, 'queue' as level, queue as entity, * exclude (site, agent, team, queue, segment) from windowed
    where queue is not null
    union all by name
    select site, 'segment' as level, segment as entity, * exclude (site, agent, team, queue, segment) from windowed
    where segment is not null
    union all by name
    select site, 'site' as level, site as entity, * exclude (site, agent, team, queue, segment) from windowed
)
select site, level, entity, name, start_ms, end_ms, measure, currency, sum(amount)::hugeint as amount
from levels group by all having sum(amount) <> 0;

create view parts as
select kpi, per_currency, 'over' as side, unnest(numerator) as measure from catalogue
union all
select kpi, per_currency, 'under' as side, unnest(denominator) as measure from catalogue;

-- A KPI per currency counts each currency by itself, and beside it what has none.
create table per_kpi as
with places as (
    select distinct site, level, entity, name, start_ms, end_ms, null as money, false as per_currency from sums
    union all
    select distinct site, level, entity, name, start_ms, end_ms, currency, true from sums where currency is not null
), added as (
    select p.site, p.level, p.entity, p.name, p.start_ms, p.end_ms, k.kpi, p.money as currency,
        coalesce(sum(s.amount) filter (k.side = 'over'), 0)::hugeint as over,
        coalesce(sum(s.amount) filter (k.side = 'under'), 0)::hugeint as under
    from places p
    join sums s on s.site = p.site and s.level = p.level and s.entity = p.entity and s.name = p.name
        and s.start_ms = p.start_ms and s.end_ms = p.end_ms and (s.currency is null or s.currency = p.money)
    join parts k on k.measure = s.measure and k.per_currency = p.per_currency
    group by all
)
select site, level, entity, name, start_ms, end_ms, kpi, currency, over as numerator,
    case when denominator is not null then under end as denominator
from added join catalogue using (kpi)
where list_contains(levels, level) and (over <> 0 or (under <> 0 and kpi <> 'recovered_per_hour'));
