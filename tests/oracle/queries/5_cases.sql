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
select q.site, q.received_at, q.upheld, q.received_at + complaint_deadline_days * 86400000 as due_at, q.closed_at,
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
select p.site, p.agent, p.team, p.occurred_at + first_contact_hours * 3600000 as due_at, exists (
    select 1 from attempts a where a.debtor_id = p.debtor_id and a.case_id = p.case_id
    and a.occurred_at >= p.occurred_at and a.occurred_at < p.occurred_at + first_contact_hours * 3600000
) as met
from placings p, settings where p.dpd <= first_contact_max_dpd;

create table coverage as
select p.site, p.agent, p.team, p.occurred_at + coverage_days * 86400000 as due_at, exists (
    select 1 from meetings m where m.debtor_id = p.debtor_id and m.case_id = p.case_id
    and m.occurred_at >= p.occurred_at and m.occurred_at < p.occurred_at + coverage_days * 86400000
) as met
from entries p, settings;

create table visit_values as
select v.site, v.agent, v.team, v.occurred_at, arg_max(
    {currency: c.currency, amount: c.overdue_minor}, (c.occurred_at, encode(c.event_id))
) as worth
from facts v join case_events c using (debtor_id, case_id)
where v.type = 'visit' and c.overdue_minor is not null and c.occurred_at <= v.occurred_at
group by v.debtor_id, v.visit_id, v.site, v.agent, v.team, v.occurred_at;

create table legal as
select d.site, d.agent, d.team, midnight(zone, d.due_on_day + 1) as due_at, exists (
    select 1 from facts f where f.type = 'legal_step' and f.status = 'done' and f.debtor_id = d.debtor_id
    and f.step_id = d.step_id and f.occurred_at < midnight(zone, d.due_on_day + 1)
) as done
from facts d join sites using (site) where d.type = 'legal_step' and d.status = 'due';

create table spans as
select site, agent, team, state, occurred_at as from_ms, least(until_ms, occurred_at + 12 * 3600000) as until_ms from (
    select *, lead(occurred_at) over (partition by agent_id order by occurred_at, encode(event_id)) as until_ms
    from facts where type = 'agent_state'
) where until_ms > occurred_at;
