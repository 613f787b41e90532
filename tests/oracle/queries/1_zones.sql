-- Semantics 2: local time. Not DuckDB's own: the zone data are pinned, and DuckDB's are others.
-- Given: sites (site, zone) of every site that occurs, a zone being {since: [...], offsets: [...]}, in ms: the instants
-- at which its offset changes, the first long before any event, and the offset from each of them on.

create macro offset_ms(zone, ms) as zone.offsets[len(list_filter(zone.since, lambda x: x <= ms))];

-- The instant at which the clocks of a zone show a local time (ms as if it were UTC): the first, where there are two;
-- where there is none, read with the offset before the change.
create macro at_local(zone, local_ms) as case
    when local_ms - offset_ms(zone, local_ms - 86400000)
        + offset_ms(zone, local_ms - offset_ms(zone, local_ms - 86400000)) <> local_ms
    and local_ms - offset_ms(zone, local_ms + 86400000)
        + offset_ms(zone, local_ms - offset_ms(zone, local_ms + 86400000)) = local_ms
    then local_ms - offset_ms(zone, local_ms + 86400000)
    else local_ms - offset_ms(zone, local_ms - 86400000)
end;

create macro midnight(zone, day) as at_local(zone, epoch_ms(day::timestamp));
create macro local_day(zone, ms) as make_timestamp((ms + offset_ms(zone, ms)) * 1000)::date;
