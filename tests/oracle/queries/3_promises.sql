-- Semantics 4: cut-offs, superseding, pouring.

-- Instalments with their cut-offs; superseded by a cancellation or a later promise on the case before the cut-off.
create table instalments as
with parts as (
    select p.*, unnest(generate_series(1, len(p.due_on))) as position from promises p
), cut as (
    select parts.*, amounts[position] as amount,
        midnight(zone, (due_on[position] + to_days(promise_grace_days + 1))::date) as cut_off
    from parts join sites using (site), settings s
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
        partition by way, debtor_id, case_id, currency order by ordered_at, encode(payment_id)
    ) as turn from amounts
)
select q.way, q.debtor_id, q.case_id, q.currency, q.payment_id, q.poured, i.place, i.amount,
    i.occurred_at < q.ordered_at and q.ordered_at < i.cut_off as fits,
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
