-- Semantics 3 to 5 once more, as queries: self-contained measures, promises, payments, reversals.
-- Given: events (one row per valid event), midnights (site, day, ends_ms: the local midnight that ends the day),
-- settings (one row). Result: contributions (site, agent, team, measure, currency, at_ms, amount).

create view facts as
select * exclude (place) from (
    select *, row_number() over (
        partition by key, type, own_id order by version desc, encode(event_id), canonical
    ) as place
    from events
) where place = 1;

create view calls as select * from facts where type = 'call';
create view payments as select * from facts where type = 'payment';
create view reversals as select * from facts where type = 'payment_reversal';
create view promises as select * from facts where type = 'promise';

-- Instalments with their cut-offs; superseded by a cancellation or a later promise on the case before the cut-off.
create table instalments as
with parts as (
    select p.*, unnest(generate_series(1, len(p.due_on))) as position from promises p
), cut as (
    select parts.*, parts.due_on[position] as due, parts.amounts[position] as amount, m.ends_ms as cut_off
    from parts, settings s, midnights m
    where m.site = parts.site and m.day = parts.due_on[position] + to_days(s.promise_grace_days)
)
select cut.*, row_number() over (
    partition by debtor_id, case_id, currency order by cut_off, encode(promise_id), position
) as place
from cut
where not exists (
    select 1 from facts c where c.type = 'promise_cancelled' and c.debtor_id = cut.debtor_id
    and c.promise_id = cut.promise_id and c.occurred_at < cut.cut_off
) and not exists (
    select 1 from promises q where q.debtor_id = cut.debtor_id and q.case_id = cut.case_id
    and (q.occurred_at, encode(q.promise_id)) > (cut.occurred_at, encode(cut.promise_id))
    and q.occurred_at < cut.cut_off
);

create table nets as
select p.*, greatest(0, p.amount_minor - coalesce((
    select sum(r.amount_minor) from reversals r
    where r.debtor_id = p.debtor_id and r.payment_id = p.payment_id and r.currency = p.currency
), 0)) as net
from payments p;

-- The pouring: payment after payment, instalment after instalment, one step each; `held` is what each instalment has.
create table steps as
with amounts as (
    select *, amount_minor as poured, 'gross' as way from nets
    union all by name select *, net as poured, 'net' as way from nets
), queue as (
    select *, row_number() over (
        partition by way, debtor_id, case_id, currency order by occurred_at, encode(payment_id)
    ) as turn from amounts
)
select q.way, q.debtor_id, q.case_id, q.currency, q.payment_id, q.poured, i.place, i.amount,
    i.occurred_at < q.occurred_at and q.occurred_at < i.cut_off as fits,
    row_number() over (partition by q.way, q.debtor_id, q.case_id, q.currency order by q.turn, i.place) as step,
    max(i.place) over (partition by q.way, q.debtor_id, q.case_id, q.currency) as places
from queue q join instalments i using (debtor_id, case_id, currency);

create table pouring as
with recursive flow as (
    select way, debtor_id, case_id, currency, payment_id, place, step, places,
        case when fits then least(poured, amount) else 0 end as taken,
        poured - case when fits then least(poured, amount) else 0 end as left_over,
        list_resize([case when fits then least(poured, amount) else 0 end], places, 0) as held
    from steps where step = 1
    union all
    select s.way, s.debtor_id, s.case_id, s.currency, s.payment_id, s.place, s.step, s.places, t.taken, t.had - t.taken,
        list_concat(f.held[1:s.place - 1], [f.held[s.place] + t.taken], f.held[s.place + 1:])
    from flow f
    join steps s on s.way = f.way and s.debtor_id = f.debtor_id and s.case_id = f.case_id
        and s.currency = f.currency and s.step = f.step + 1,
    lateral (select case when s.payment_id = f.payment_id then f.left_over else s.poured end as had) h,
    lateral (
        select h.had, case when s.fits then least(h.had, s.amount - f.held[s.place]) else 0 end as taken
    ) t
)
select * from flow;

create view kept as
select i.*, coalesce((
    select sum(f.taken) from pouring f where f.way = 'net' and f.debtor_id = i.debtor_id and f.case_id = i.case_id
    and f.currency = i.currency and f.place = i.place
), 0) as held
from instalments i;

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
    and c.occurred_at >= p.occurred_at - s.attribution_days * 86400000 and c.occurred_at < p.occurred_at
), by_owner as (
    select p.debtor_id, p.payment_id, c.agent, c.team, 3 as rank, row_number() over (
        partition by p.debtor_id, p.payment_id order by c.occurred_at desc, encode(c.event_id) desc
    ) as place
    from payments p join facts c using (debtor_id, case_id)
    where c.type = 'case' and c.agent_id is not null and c.occurred_at <= p.occurred_at
), candidates as (
    select * from by_promise union all select * from by_call union all select * from by_owner
    union all select debtor_id, payment_id, 'unassigned', 'unassigned', 4, 1 from payments
)
select debtor_id, payment_id, arg_min(agent, rank) as agent, arg_min(team, rank) as team
from candidates where place = 1 group by all;

create view own as
select site, agent, team, unnest([
    {m: 'dials', n: direction = 'outbound'},
    {m: 'connects', n: direction = 'outbound' and outcome = 'human'},
    {m: 'right_party_connects', n: direction = 'outbound' and outcome = 'human' and party = 'right'},
    {m: 'offered', n: direction = 'inbound'},
    {m: 'answered', n: direction = 'inbound' and outcome = 'human'},
    {m: 'answered_in_time',
     n: direction = 'inbound' and outcome = 'human' and coalesce(queue_ms, 0) <= service_level_ms},
    {m: 'abandons', n: direction = 'inbound' and outcome = 'abandoned' and coalesce(queue_ms, 0) > short_abandon_ms},
    {m: 'contacts', n: outcome = 'human'},
    {m: 'right_party_contacts', n: outcome = 'human' and party = 'right'},
    {m: 'handled', n: outcome = 'human' and agent_id is not null}
]) as c, occurred_at from calls, settings;

create view contributions as
select site, agent, team, c.m as measure, null as currency, occurred_at as at_ms, 1 as amount from own where c.n
union all
select site, agent, team, unnest(['talk_ms', 'hold_ms', 'wrap_ms', 'effective_talk_ms']), null, occurred_at, unnest([
    coalesce(talk_ms, 0), coalesce(hold_ms, 0), coalesce(wrap_ms, 0),
    coalesce(effective_ms, case when coalesce(talk_ms, 0) >= effective_talk_floor_ms then talk_ms else 0 end, 0)
]) from calls, settings where outcome = 'human' and agent_id is not null
union all
select site, agent, team, 'promises', null, occurred_at, 1 from promises
union all
select site, agent, team, 'plans', null, occurred_at, 1 from promises where len(due_on) > 1
union all
select site, agent, team, 'promised_minor', currency, occurred_at, list_sum(amounts)::bigint from promises
union all
select site, agent, team, 'promises_due', null, cut_off, 1 from kept
union all
select site, agent, team, 'promises_due_minor', currency, cut_off, amount from kept
union all
select site, agent, team, 'promises_kept_minor', currency, cut_off, held from kept
union all
select site, agent, team, 'promises_kept', null, cut_off, 1 from kept, settings
where held * tolerance_denominator >= amount * (tolerance_denominator - tolerance_numerator) and occurred_at < cut_off
union all
select n.site, c.agent, c.team, 'payments', null, n.occurred_at, 1
from nets n join credits c using (debtor_id, payment_id) where n.net > 0
union all
select n.site, c.agent, c.team, m.measure, n.currency, n.occurred_at, n.net
from nets n join credits c using (debtor_id, payment_id),
    (values ('recovered_minor'), ('field_recovered_minor')) m(measure)
where m.measure = 'recovered_minor' or n.channel = 'field'
union all
select coalesce(p.site, r.site), coalesce(c.agent, 'unassigned'), coalesce(c.team, 'unassigned'), 'reversed_minor',
    r.currency, r.occurred_at, r.amount_minor
from reversals r left join payments p using (debtor_id, payment_id) left join credits c using (debtor_id, payment_id)
union all
select site, agent, team, 'messages', null, occurred_at, 1 from facts where type = 'message' and direction = 'outbound'
union all
select site, agent, team, 'letters', null, occurred_at, 1 from facts
where type = 'message' and direction = 'outbound' and channel = 'letter'
union all
select site, agent, team, unnest(['reviews', 'reviews_passed']), null, occurred_at, unnest([1, passed::int])
from facts where type = 'quality_review'
union all
select site, agent, team, unnest(['surveys', 'surveys_satisfied']), null, occurred_at, unnest([1, (score >= 4)::int])
from facts where type = 'survey'
union all
select site, agent, team, unnest(['visits', 'visits_met']), null, occurred_at, unnest([1, met_debtor::int])
from facts where type = 'visit'
union all
select site, agent, team, unnest(['bot_sessions', 'bot_mandates', 'bot_handovers_judged', 'bot_handovers_correct']),
    null, occurred_at, unnest([
        1, mandate_signed::int, (handed_over and handover_correct is not null)::int,
        (handed_over and coalesce(handover_correct, false))::int
    ]) from facts where type = 'bot_session';
