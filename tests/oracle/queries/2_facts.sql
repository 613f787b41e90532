-- Contract 1: one event per identity: the highest version, in it the smallest event_id, then the smallest canonical JSON.
-- Given: events (one row per valid event).

create table facts as
select * exclude (place), coalesce(agent_id, 'unassigned') as agent, coalesce(team_id, 'unassigned') as team from (
    select *, row_number() over (
        partition by key, type, own_id order by version desc, encode(event_id), encode(canonical)
    ) as place
    from events
) where place = 1;

create view calls as select * from facts where type = 'call';
create view payments as select * from facts where type = 'payment';
create view reversals as select * from facts where type = 'payment_reversal';
create view promises as select * from facts where type = 'promise';
create view case_events as select * from facts where type = 'case';
