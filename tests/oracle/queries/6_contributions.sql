-- Semantics 3 to 5: everything that is counted, at its instant; time in a state from `at_ms` until `until_ms`.

-- What a call counts; null is no. A first leg was transferred from nowhere.
create view own as
with legs as (
    select *, transferred_from is null as first_leg, outcome = 'human' as human, party = 'right' as rightly,
        direction = 'outbound' as dialled, direction = 'inbound' as came, agent_id is not null as taken,
        case when calls_counted_at = 'end' then greatest(occurred_at, ended_at) else occurred_at end as at_ms
    from calls, settings
)
select site, agent, team, queue_id, segment_id, at_ms, unnest([
    {m: 'dials', n: (first_leg and dialled)::bigint},
    {m: 'connects', n: (first_leg and dialled and human)::bigint},
    {m: 'right_party_connects', n: (first_leg and dialled and human and rightly)::bigint},
    {m: 'drops', n: (first_leg and dialled and outcome = 'abandoned')::bigint},
    {m: 'offered', n: (first_leg and came)::bigint},
    {m: 'answered', n: (first_leg and came and human)::bigint},
    {m: 'callbacks', n: (first_leg and came and outcome = 'callback')::bigint},
    {m: 'abandons',
     n: (first_leg and came and outcome = 'abandoned' and coalesce(queue_ms > short_abandon_ms, true))::bigint},
    {m: 'answered_timed', n: (first_leg and came and human and queue_ms is not null)::bigint},
    {m: 'answer_wait_ms', n: case when first_leg and came and human then queue_ms end},
    {m: 'answered_in_time', n: (first_leg and came and human and queue_ms <= service_level_ms)::bigint},
    {m: 'abandoned_timed', n: (first_leg and came and outcome = 'abandoned' and queue_ms is not null)::bigint},
    {m: 'abandon_wait_ms', n: case when first_leg and came and outcome = 'abandoned' then queue_ms end},
    {m: 'service_judged', n: (first_leg and came and queue_ms is not null and outcome <> 'callback' and case
        service_level_formula when 'answered' then human
        when 'without_short_abandons' then not (outcome = 'abandoned' and queue_ms <= short_abandon_ms)
        else true end)::bigint},
    {m: 'contacts', n: (first_leg and human)::bigint},
    {m: 'right_party_contacts', n: (first_leg and human and rightly)::bigint},
    {m: 'handled', n: (human and taken)::bigint},
    {m: 'transfers_in', n: (human and taken and not first_leg)::bigint},
    {m: 'talk_ms', n: case when human and taken then talk_ms end},
    {m: 'hold_ms', n: case when human and taken then hold_ms end},
    {m: 'wrap_ms', n: case when human and taken then wrap_ms end},
    {m: 'effective_talk_ms', n: case when human and taken
        then coalesce(effective_ms, case when talk_ms >= effective_talk_floor_ms then talk_ms end) end}
]) as c from legs;

create table placed_times as
select debtor_id, case_id, min(occurred_at) as placed_at from case_events where change = 'placed' group by all;

-- A payment that counts, who is credited, and how long after its case's first placing it is ordered.
create table credited as
select n.*, c.agent as payee, c.team as payee_team, case when placed_at <= ordered_at then ordered_at - placed_at end as delay
from nets n join credits c using (debtor_id, payment_id) left join placed_times using (debtor_id, case_id);

create view everything as
select site, agent, team, queue_id as queue, segment_id as segment, c.m as measure, null as currency, at_ms,
    null::bigint as until_ms, c.n::hugeint as amount from own where c.n <> 0
union all by name
select site, agent, team, segment_id as segment, 'promises' as measure, occurred_at as at_ms, 1 as amount from promises
union all by name
select site, agent, team, segment_id as segment, 'plans' as measure, occurred_at as at_ms, 1 as amount
from promises where len(due_on) > 1
union all by name
select site, agent, team, segment_id as segment, 'promised_minor' as measure, currency, occurred_at as at_ms,
    list_sum(amounts) as amount from promises
union all by name
select site, agent, team, segment_id as segment, 'promises_due' as measure, cut_off as at_ms, 1 as amount from kept
union all by name
select site, agent, team, segment_id as segment, unnest(['promises_due_minor', 'promises_kept_minor']) as measure,
    currency, cut_off as at_ms, unnest([amount, held]) as amount from kept
union all by name
select site, agent, team, segment_id as segment, 'promises_kept' as measure, cut_off as at_ms, 1 as amount
from kept, settings
where held * tolerance_denominator >= amount::hugeint * (tolerance_denominator - tolerance_numerator)
and occurred_at < cut_off
union all by name
select site, payee as agent, payee_team as team, segment_id as segment, occurred_at as at_ms,
    unnest(['payments', 'payments_timed', 'payment_delay_ms']) as measure,
    unnest([1, (delay is not null)::bigint, coalesce(delay, 0)]) as amount from credited where net > 0
union all by name
select site, payee as agent, payee_team as team, segment_id as segment, occurred_at as at_ms, currency,
    unnest(['recovered_minor', 'field_recovered_minor']) as measure,
    unnest([net, case when channel = 'field' then net else 0 end]) as amount from credited
union all by name
select coalesce(p.site, r.site) as site, coalesce(p.payee, 'unassigned') as agent,
    coalesce(p.payee_team, 'unassigned') as team,
    case when p.payment_id is null then r.segment_id else p.segment_id end as segment,
    'reversed_minor' as measure, r.currency, r.occurred_at as at_ms, r.amount_minor as amount
from reversals r left join credited p using (debtor_id, payment_id)
union all by name
select site, agent, team, segment_id as segment, received_at as at_ms,
    unnest(['complaints', 'complaints_upheld']) as measure, unnest([1, coalesce(upheld, false)::int]) as amount
from complaint_credits
union all by name
select site, agent, team, segment_id as segment, due_at as at_ms,
    unnest(['complaints_due', 'complaints_in_time']) as measure,
    unnest([1, coalesce(closed_at < due_at, false)::int]) as amount from complaint_credits
union all by name
select site, agent, team, segment_id as segment, 'cases_placed' as measure, occurred_at as at_ms, 1 as amount
from placings
union all by name
select site, agent, team, segment_id as segment, 'placed_minor' as measure, currency, occurred_at as at_ms,
    overdue_minor as amount from placings where overdue_minor > 0
union all by name
select site, agent, team, segment_id as segment, due_at as at_ms,
    unnest(['first_contacts_due', 'first_contacts_met']) as measure, unnest([1, met::int]) as amount from first_contacts
union all by name
select site, agent, team, segment_id as segment, due_at as at_ms, unnest(['m1_due', 'm1_covered']) as measure,
    unnest([1, met::int]) as amount from coverage
union all by name
select site, agent, team, segment_id as segment, 'cases_closed' as measure, occurred_at as at_ms, 1 as amount
from closings
union all by name
select c.site, c.agent, c.team, c.segment_id as segment, c.occurred_at as at_ms,
    unnest(['cases_cycled', 'cycle_ms']) as measure, unnest([1, c.occurred_at - placed_at]) as amount
from closings c join placed_times p using (debtor_id, case_id) where placed_at <= c.occurred_at
union all by name
select site, agent, team, segment_id as segment, occurred_at as at_ms, unnest(['visits', 'visits_met']) as measure,
    unnest([1, met_debtor::int]) as amount from facts where type = 'visit'
union all by name
select site, agent, team, segment_id as segment, 'visited_minor' as measure, worth.currency as currency,
    occurred_at as at_ms, worth.amount as amount from visit_values where worth.amount > 0
union all by name
select site, agent, team, segment_id as segment, occurred_at as at_ms,
    unnest(['messages', 'letters', 'messages_judged', 'messages_delivered']) as measure,
    unnest([1, (channel = 'letter')::int, (delivered is not null)::int, coalesce(delivered, false)::int]) as amount
from facts where type = 'message' and direction = 'outbound'
union all by name
select site, agent, team, segment_id as segment, occurred_at as at_ms,
    unnest(['reviews', 'reviews_passed', 'reviews_scored', 'review_points']) as measure,
    unnest([1, passed::int, (score is not null)::int, coalesce(score, 0)]) as amount
from facts where type = 'quality_review'
union all by name
select site, agent, team, segment_id as segment, occurred_at as at_ms,
    unnest(['surveys', 'surveys_satisfied']) as measure, unnest([1, (score >= 4)::int]) as amount
from facts where type = 'survey'
union all by name
select site, agent, team, segment_id as segment, occurred_at as at_ms,
    unnest(['bot_sessions', 'bot_mandates', 'bot_handovers_judged', 'bot_handovers_correct']) as measure, unnest([
        1, mandate_signed::int, (handed_over and handover_correct is not null)::int,
        (handed_over and coalesce(handover_correct, false))::int
    ]) as amount from facts where type = 'bot_session'
union all by name
select site, agent, team, segment_id as segment, due_at as at_ms, unnest(['legal_due', 'legal_done']) as measure,
    unnest([1, done::int]) as amount from legal
union all by name
select site, agent, team, m.measure, from_ms as at_ms, until_ms, 0 as amount from spans, (values
    ('signed_in_ms', ['available', 'on_call', 'wrap', 'break', 'training', 'meeting']),
    ('productive_ms', ['available', 'on_call', 'wrap']),
    ('on_call_ms', ['on_call', 'wrap']),
    ('break_ms', ['break'])
) m(measure, states) where list_contains(m.states, state);

-- What counts as of the end of replay; of a time in a state, what lies before it.
create table contributions as
select e.* replace (case when until_ms > as_of_ms then as_of_ms else until_ms end as until_ms)
from everything e, settings where at_ms < as_of_ms;
