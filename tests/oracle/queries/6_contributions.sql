-- Semantics 3 to 5: everything that is counted, at its instant; time in a state from `at_ms` until `until_ms`.

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

create table contributions as
select site, agent, team, c.m as measure, null as currency, occurred_at as at_ms, null::bigint as until_ms,
    1::hugeint as amount from own where c.n
union all
select site, agent, team, unnest(['talk_ms', 'hold_ms', 'wrap_ms', 'effective_talk_ms']), null, occurred_at, null,
    unnest([
        coalesce(talk_ms, 0), coalesce(hold_ms, 0), coalesce(wrap_ms, 0),
        coalesce(effective_ms, case when coalesce(talk_ms, 0) >= effective_talk_floor_ms then talk_ms else 0 end, 0)
    ]) from calls, settings where outcome = 'human' and agent_id is not null
union all
select site, agent, team, 'promises', null, occurred_at, null, 1 from promises
union all
select site, agent, team, 'plans', null, occurred_at, null, 1 from promises where len(due_on) > 1
union all
select site, agent, team, 'promised_minor', currency, occurred_at, null, list_sum(amounts) from promises
union all
select site, agent, team, 'promises_due', null, cut_off, null, 1 from kept
union all
select site, agent, team, 'promises_due_minor', currency, cut_off, null, amount from kept
union all
select site, agent, team, 'promises_kept_minor', currency, cut_off, null, held from kept
union all
select site, agent, team, 'promises_kept', null, cut_off, null, 1 from kept, settings
where held * tolerance_denominator >= amount::hugeint * (tolerance_denominator - tolerance_numerator)
and occurred_at < cut_off
union all
select n.site, c.agent, c.team, 'payments', null, n.occurred_at, null, 1
from nets n join credits c using (debtor_id, payment_id) where n.net > 0
union all
select n.site, c.agent, c.team, m.measure, n.currency, n.occurred_at, null, n.net
from nets n join credits c using (debtor_id, payment_id),
    (values ('recovered_minor'), ('field_recovered_minor')) m(measure)
where m.measure = 'recovered_minor' or n.channel = 'field'
union all
select coalesce(p.site, r.site), coalesce(c.agent, 'unassigned'), coalesce(c.team, 'unassigned'), 'reversed_minor',
    r.currency, r.occurred_at, null, r.amount_minor
from reversals r left join payments p using (debtor_id, payment_id) left join credits c using (debtor_id, payment_id)
union all
select site, agent, team, unnest(['complaints', 'complaints_upheld']), null, received_at, null,
    unnest([1, coalesce(upheld, false)::int]) from complaint_credits
union all
select site, agent, team, unnest(['complaints_due', 'complaints_in_time']), null, due_at, null,
    unnest([1, coalesce(closed_at < due_at, false)::int]) from complaint_credits
union all
select site, agent, team, 'cases_placed', null, occurred_at, null, 1 from placings
union all
select site, agent, team, 'placed_minor', currency, occurred_at, null, overdue_minor from placings
where overdue_minor > 0
union all
select site, agent, team, unnest(['first_contacts_due', 'first_contacts_met']), null, due_at, null,
    unnest([1, met::int]) from first_contacts
union all
select site, agent, team, unnest(['m1_due', 'm1_covered']), null, due_at, null, unnest([1, met::int]) from coverage
union all
select site, agent, team, 'cases_closed', null, occurred_at, null, 1 from closings
union all
select c.site, c.agent, c.team, unnest(['cases_cycled', 'cycle_ms']), null, c.occurred_at, null,
    unnest([1, c.occurred_at - p.occurred_at])
from closings c join placings p using (debtor_id, case_id) where p.occurred_at <= c.occurred_at
union all
select site, agent, team, unnest(['visits', 'visits_met']), null, occurred_at, null, unnest([1, met_debtor::int])
from facts where type = 'visit'
union all
select site, agent, team, 'visited_minor', worth.currency, occurred_at, null, worth.amount from visit_values
where worth.amount > 0
union all
select site, agent, team, unnest(['messages', 'letters']), null, occurred_at, null,
    unnest([1, (channel = 'letter')::int]) from facts where type = 'message' and direction = 'outbound'
union all
select site, agent, team, unnest(['reviews', 'reviews_passed']), null, occurred_at, null, unnest([1, passed::int])
from facts where type = 'quality_review'
union all
select site, agent, team, unnest(['surveys', 'surveys_satisfied']), null, occurred_at, null,
    unnest([1, (score >= 4)::int]) from facts where type = 'survey'
union all
select site, agent, team, unnest(['bot_sessions', 'bot_mandates', 'bot_handovers_judged', 'bot_handovers_correct']),
    null, occurred_at, null, unnest([
        1, mandate_signed::int, (handed_over and handover_correct is not null)::int,
        (handed_over and coalesce(handover_correct, false))::int
    ]) from facts where type = 'bot_session'
union all
select site, agent, team, unnest(['legal_due', 'legal_done']), null, due_at, null, unnest([1, done::int]) from legal
union all
select site, agent, team, m.measure, null, from_ms, until_ms, 0 from spans, (values
    ('signed_in_ms', ['available', 'on_call', 'wrap', 'break', 'training', 'meeting']),
    ('productive_ms', ['available', 'on_call', 'wrap']),
    ('on_call_ms', ['on_call', 'wrap'])
) m(measure, states) where list_contains(m.states, state);
