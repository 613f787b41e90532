-- Semantics 3: what depends on the facts around it: complaints, cases, visits, legal steps, agent states.

create table complaint_credits as
with by_call as (
    select q.key, q.complaint_id, c.agent, c.team from facts q join calls c using (debtor_id, call_id)
    where q.type = 'complaint' and c.agent_id is not null
), by_owner as (
    select q.key, q.complaint_id, arg_max(c.agent, (c.occurred_at, encode(c.event_id))) as agent,
        arg_max(c.team, (c.occurred_at, encode(c.event_id))) as team
    from facts q join case_events c using (debtor_id, case_id)
    where q.type = 'complaint' and c.agent_id is not null and c.occurred_at <= q.received_at
    group by q.key, q.complaint_id
)
select q.site, q.segment_id, q.received_at, q.upheld, q.received_at + complaint_deadline_days * 86400000 as due_at, q.closed_at,
    case when q.agent_id is not null then q.agent else coalesce(k.agent, o.agent, 'unassigned') end as agent,
    case when q.agent_id is not null then q.team
        when k.agent is not null then k.team else coalesce(o.team, 'unassigned') end as team
from facts q left join by_call k using (key, complaint_id) left join by_owner o using (key, complaint_id), settings
where q.type = 'complaint';

create macro firsts(wanted) as table
    select distinct on (debtor_id, case_id) * from query_table(wanted)
    order by debtor_id, case_id, occurred_at, encode(event_id);

create view placed_events as select * from case_events where change = 'placed';
create view closed_events as select * from case_events where change = 'closed';
create view early_events as select * from case_events where change in ('placed', 'stage') and dpd between 1 and 30;
create table placings as from firsts('placed_events');
create table closings as from firsts('closed_events');
create table entries as from firsts('early_events');

create view attempts as
select debtor_id, case_id, occurred_at from facts
where type = 'call' and direction = 'outbound' and outcome <> 'failed'
or type = 'message' and direction = 'outbound' or type = 'visit';

create view meetings as
select debtor_id, case_id, occurred_at from facts
where type = 'call' and outcome = 'human' or type = 'visit' and met_debtor;

create table first_contacts as
select p.site, p.segment_id, p.agent, p.team, p.occurred_at + first_contact_hours * 3600000 as due_at, exists (
    select 1 from attempts a where a.debtor_id = p.debtor_id and a.case_id = p.case_id
    and a.occurred_at >= p.occurred_at and a.occurred_at < p.occurred_at + first_contact_hours * 3600000
) as met
from placings p, settings where p.dpd <= first_contact_max_dpd;

create table coverage as
select p.site, p.segment_id, p.agent, p.team, p.occurred_at + coverage_days * 86400000 as due_at, exists (
    select 1 from meetings m where m.debtor_id = p.debtor_id and m.case_id = p.case_id
    and m.occurred_at >= p.occurred_at and m.occurred_at < p.occurred_at + coverage_days * 86400000
) as met
from entries p, settings;

create table visit_values as
select v.site, v.segment_id, v.agent, v.team, v.occurred_at, arg_max(
    {currency: c.currency, amount: c.overdue_minor}, (c.occurred_at, encode(c.event_id))
) as worth
from facts v join case_events c using (debtor_id, case_id)
where v.type = 'visit' and c.overdue_minor is not null and c.occurred_at <= v.occurred_at
group by v.debtor_id, v.visit_id, v.site, v.segment_id, v.agent, v.team, v.occurred_at;

create table legal as
select d.site, d.segment_id, d.agent, d.team, midnight(zone, d.due_on_day + 1) as due_at, exists (
    select 1 from facts f where f.type = 'legal_step' and f.status = 'done' and f.debtor_id = d.debtor_id
    and f.step_id = d.step_id and f.occurred_at < midnight(zone, d.due_on_day + 1)
) as done
from facts d join sites using (site) where d.type = 'legal_step' and d.status = 'due';

-- The end of the latest shift that holds the beginning of a state.
create table shift_ends as
with near as (
    select f.key, f.event_id, f.occurred_at, zone, from_minute, to_minute,
        local_day(zone, f.occurred_at) + unnest(generate_series(-2, 2))::int as day
    from facts f join sites using (site) join shifts h using (site) where f.type = 'agent_state'
), held as (
    select *, at_local(zone, epoch_ms(day::timestamp) + from_minute * 60000) as start_ms, at_local(zone,
        epoch_ms(case when to_minute <= from_minute then day + 1 else day end::timestamp) + to_minute * 60000
    ) as end_ms from near
)
select key, event_id, max(end_ms) as end_ms from held
where start_ms <= occurred_at and occurred_at < end_ms group by all;

create table spans as
select * from (
    select site, agent, team, state, occurred_at as from_ms, least(
        lead(occurred_at) over (partition by agent_id order by occurred_at, encode(event_id)),
        occurred_at + open_state_max_ms, case when states_end_with_shift = 1 then end_ms end
    ) as until_ms
    from facts left join shift_ends using (key, event_id), settings where type = 'agent_state'
) where until_ms > from_ms;
