-- What calls cost, told to a database: no loop, no report, no meter. Money in micros, times in milliseconds.

create macro counted(seconds, minimum, step) as
    case when seconds = 0 then 0 when seconds <= minimum then minimum
         else minimum + (seconds - minimum + step - 1) // step * step end;
create macro divided(number, by_number, rounding) as
    case rounding when 'down' then number // by_number when 'up' then (number + by_number - 1) // by_number
                  else (2 * number + by_number) // (2 * by_number) end;

create table home as
    select calls.*, counted(seconds, minimum, step) as units, plans.* exclude (plan)
    from calls join plans using (plan) where called like '49%';

-- the seconds of a call that begin in a piece of the calendar, and what its month's counter had before them
create table cut as
    select home.*, pieces.band,
        greatest(0, (pieces.begins - at_ms + 999) // 1000) as first,
        least(units, (pieces.ends - at_ms + 999) // 1000) as past,
        case when pieces.month <= at_ms then reached else -((pieces.month - at_ms + 999) // 1000) end as before
    from home join pieces on pieces.begins < at_ms + units * 1000 and pieces.ends > at_ms;

create table lines as
    select number, band, tier, sum(least(past, ends - before) - greatest(first, begins - before)) as units,
        any_value(price) as price, any_value(per) as per, any_value(percent) as percent,
        any_value(rounding) as rounding
    from cut join tiers using (plan, band)
    where least(past, ends - before) > greatest(first, begins - before)
    group by number, band, tier;

create table sums as
    select number, sum(divided(units::HUGEINT * price * (100 - percent), per::HUGEINT * 100, rounding)) as amount
    from lines group by number;

create table abroad as
    select calls.*, deck.price, deck.fee, rate,
        coalesce(deck.minimum, abroad_minimum) as minimum, coalesce(deck.step, abroad_step) as step,
        row_number() over (partition by number order by length(prefix) desc) as place
    from calls join plans using (plan)
    join deck on starts_with(called, prefix) and at_ms >= deck.begins and at_ms < deck.ends
    join rates on at_ms >= rates.begins and at_ms < rates.ends
    where not called like '49%';

create table costs as
    select number, least(if(cap > 0, cap, 1::HUGEINT << 60),
        if(units = 0, 0, coalesce(amount, 0) + divided(fee::HUGEINT * (100 - percent), 100::HUGEINT, rounding))) as cost
    from home left join sums using (number)
    union all
    select number, if(seconds = 0, 0,
        divided(counted(seconds, minimum, step)::HUGEINT * price * rate, 60::HUGEINT * 10000, 'up')
        + divided(fee::HUGEINT * rate, 10000::HUGEINT, 'up'))
    from abroad where place = 1;
