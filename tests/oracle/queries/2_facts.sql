-- Contract 1: one event per identity: the highest version, in it a void one, the smallest event_id and canonical JSON.
-- What is void is no fact.
-- Given: events (one row per valid event).

create table facts as
select * exclude (place), coalesce(agent_id, 'unassigned') as agent, coalesce(team_id, 'unassigned') as team from (
    select *, row_number() over (
        partition by key, type, own_id order by version desc, void desc, encode(event_id), encode(canonical)
    ) as place
    from events
) where place = 1 and not void;

create view calls as select * from facts where type = 'call';

-- A payment without a case is on the only one that the debtor's other facts name.
create table payments as
select f.* replace (coalesce(f.case_id, o.case_id) as case_id) from facts f left join (
    select debtor_id, min(case_id) as case_id from facts where case_id is not null
    group by debtor_id having count(distinct case_id) = 1
) o using (debtor_id) where f.type = 'payment';

create view reversals as select * from facts where type = 'payment_reversal';
create view promises as select * from facts where type = 'promise';
create view case_events as select * from facts where type = 'case';
