-- Semantics 5.

-- Who is credited: the promise of the first instalment poured into, the latest call, the owner, nobody.
create table credits as
with by_promise as (
    select f.debtor_id, f.payment_id, i.agent, i.team, 1 as rank, row_number() over (
        partition by f.debtor_id, f.payment_id order by f.place
    ) as place
    from pouring f join instalments i using (debtor_id, case_id, currency, place)
    where f.way = 'gross' and f.taken > 0
), by_call as (
    select p.debtor_id, p.payment_id, c.agent, c.team, 2 as rank, row_number() over (
        partition by p.debtor_id, p.payment_id order by c.occurred_at desc, encode(c.call_id) desc
    ) as place
    from payments p, calls c, settings s
    where c.debtor_id = p.debtor_id and c.case_id = p.case_id and c.agent_id is not null
    and c.outcome = 'human' and c.party = 'right'
    and c.occurred_at >= p.ordered_at - s.attribution_days * 86400000 and c.occurred_at < p.ordered_at
), by_owner as (
    select p.debtor_id, p.payment_id, c.agent, c.team, 3 as rank, row_number() over (
        partition by p.debtor_id, p.payment_id order by c.occurred_at desc, encode(c.event_id) desc
    ) as place
    from payments p join facts c using (debtor_id, case_id)
    where c.type = 'case' and c.agent_id is not null and c.occurred_at <= p.ordered_at
), candidates as (
    select * from by_promise union all select * from by_call union all select * from by_owner
    union all select debtor_id, payment_id, 'unassigned', 'unassigned', 4, 1 from payments
)
select debtor_id, payment_id, arg_min(agent, rank) as agent, arg_min(team, rank) as team
from candidates where place = 1 group by all;
