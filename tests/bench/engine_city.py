# ruff: noqa: E501 - steps are easier read as a table
"""A city after two years: cases, and the ledger of how they came about, made by PostgreSQL itself.

The demo city must be in the database, and nobody else at work in it. Every case follows one of three
plans of the city-management flow: most are closed at the first check, some after a second, some are
refused, and a twentieth, young ones mostly, are still open somewhere on the way. Its rows, its document and its
journal agree with each other; ids, dice and times follow from the case's number, so that a run can
be repeated. Left out: steps, clocks and tasks in the documents, whose weight blanks make up for so that
they lie beside their rows as real ones do; media; requests.
"""

from offline.journal import extend_partitions
from offline.ports import Connection

COUNTY = "330304"
FLOW = "city_management"
DAYS = 730
OPEN = 20
"""Every so many-th case is open, the younger the likelier."""

_PLACES = """
create temp table engine_grid as
select row_number() over (order by a.code) - 1 as place, a.code, a.path, a.longitude, a.latitude,
    w.worker, w.post, w.org
from area a
cross join lateral (
    select u.id as worker, p.id as post, p.org from appointment h
    join post p on p.code = h.post
    join role r on r.code = p.role and 'task.answer' = any(r.permissions)
    join app_user u on u.code = h."user"
    order by not a.code = any(p.areas), p.code limit 1
) w
where a.kind = 'responsibility' and a.county = $1;
"""
_PEOPLE = """
create temp table engine_org as
select row_number() over (order by o.code) - 1 as place, o.code, h.worker, h.post
from org o
cross join lateral (
    select u.id as worker, p.id as post from appointment a
    join post p on p.code = a.post and p.org = o.code
    join role r on r.code = p.role and 'case.handle' = any(r.permissions)
    join app_user u on u.code = a."user" order by p.code limit 1
) h
where o.county = $1;
"""
_CLERKS = """
create temp table engine_clerk as
select row_number() over (order by p.code) - 1 as place, u.id as worker, p.id as post, p.org
from appointment a
join post p on p.code = a.post
join role r on r.code = p.role
    and r.permissions @> array['case.accept', 'case.file', 'case.browse']::varchar[]
join app_user u on u.code = a."user"
where p.county = $1;
"""
_CATEGORIES = """
create temp table engine_category as
select row_number() over (order by code) - 1 as place, code, name
from category where county = $1 and parent is not null and active;
"""

# What happens in a case, by its plan: `at` in thousandths of its course.
_PLAN = """
create temp table engine_plan (
    plan int, k int, at int, action text, from_state text, to_state text, stage text, ending text,
    actor text, opens text, closes text, verdict text);
insert into engine_plan values
(0, 1,    0, 'report',       null,         'reported',   'reported',   null,     'worker',  'reported',   null,         null),
(0, 2,   15, 'accept',       'reported',   'accepted',   'accepted',   null,     'clerk',   'accepted',   'reported',   null),
(0, 3,   30, 'file',         'accepted',   'filed',      'filed',      null,     'clerk',   'filed',      'accepted',   null),
(0, 4,   50, 'dispatch',     'filed',      'dispatched', 'dispatched', null,     'clerk',   'assignment', 'filed',      null),
(0, 5,  120, 'sign',         'dispatched', 'dispatched', 'dispatched', null,     'handler', null,         null,         null),
(0, 6,  800, 'handle',       'dispatched', 'handled',    'handled',    null,     'handler', 'handled',    'assignment', null),
(0, 7,  820, 'check',        'handled',    'checking',   'handled',    null,     'clerk',   'checking',   'handled',    null),
(0, 8,  960, 'answer_check', 'checking',   'checked',    'checked',    null,     'worker',  'checked',    'checking',   'passed'),
(0, 9, 1000, 'close',        'checked',    'closed',     'closed',     'closed', 'clerk',   null,         'checked',    null);
insert into engine_plan
select 1, k, at * 6 / 10, action, from_state, to_state, stage, ending, actor, opens, closes, verdict
from engine_plan where plan = 0 and k < 8;
insert into engine_plan
select 1, k + 3, 600 + at * 4 / 10, action, from_state, to_state, stage, ending, actor, opens,
    closes, verdict
from engine_plan where plan = 0 and k > 5;
insert into engine_plan values
(1, 8, 580, 'answer_check', 'checking', 'dispatched', 'dispatched', null, 'worker', 'assignment', 'checking', 'failed');
insert into engine_plan
select 2, k, at * 30, action, from_state, to_state, stage, ending, actor, opens, closes, verdict
from engine_plan where plan = 0 and k = 1;
insert into engine_plan values
(2, 2, 1000, 'refuse', 'reported', 'refused', 'reported', 'refused', 'clerk', null, 'reported', null);
"""

_CASES = """
create temp table engine_case as
select d.*, g.code as grid, g.path as area_path,
    g.longitude + ((d.dice2 % 997) - 498) / 250000.0 as longitude,
    g.latitude + ((d.dice3 % 997) - 498) / 250000.0 as latitude,
    g.worker, g.post as worker_post, g.org as worker_org, o.code as org, o.worker as handler,
    o.post as handler_post, k.worker as clerk, k.post as clerk_post, k.org as centre,
    t.code as category, t.name as category_name,
    s.to_state as state, s.stage, s.ending, s.verdict,
    d.reported_at + d.course * p.filed / 1000.0 as filed_at,
    d.reported_at + d.course * p.dispatched / 1000.0 as dispatched_at,
    d.reported_at + d.course * s.at / 1000.0 as changed_at,
    d.last >= 3 and d.plan < 2 as is_filed, d.last >= 4 and d.plan < 2 as is_dispatched
from (
    select n, md5('case' || n)::uuid as id, md5('report' || n)::uuid as report,
        abs(hashint4(n)) % 1000003 as dice1, abs(hashint4(n + 1)) % 1000003 as dice2,
        abs(hashint4(n + 2)) % 1000003 as dice3,
        date_trunc('minute', now()) - (($1 - n) * $3 * 86400.0 / $1 + 60) * interval '1 second'
            as reported_at,
        b.plan, b.last, b.course
    from generate_series(1, $1) n
    cross join lateral (
        select case when h % 100 < 4 then 2 when h % 100 < 10 then 1 else 0 end as plan,
            least((4 + (h / 100) % 44) * interval '1 hour'
                + case when h % 17 = 0 then interval '6 days' else interval '0' end,
                now() - (now() - (($1 - n) * $3 * 86400.0 / $1 + 60) * interval '1 second'))
                as course,
            case when h % 9973 / 9973.0 < exp(-($1 - n) * $2::float8 / $1) then 1 + h % 8 else 99 end
                as last_given, h
        from (select abs(hashint8(n * 7::bigint + 3)) as h) t
    ) a
    cross join lateral (
        select a.plan, a.course,
            case when a.last_given = 99 then case a.plan when 0 then 9 when 1 then 12 else 2 end
                 when a.plan = 2 then 1
                 else a.last_given end as last
    ) b
) d
join engine_grid g on g.place = (d.dice1::bigint * d.dice1 / 1000003) % (select count(*) from engine_grid)
join engine_org o on o.place = abs(hashint4(d.n * 3 + 1)) % (select count(*) from engine_org)
join engine_clerk k on k.place = d.dice3 % (select count(*) from engine_clerk)
join engine_category t on t.place = (d.dice2::bigint * d.dice3 / 1000003) % (select count(*) from engine_category)
join engine_plan s on s.plan = d.plan and s.k = d.last
cross join lateral (
    select max(at) filter (where action = 'file') as filed,
        min(at) filter (where action = 'dispatch') as dispatched
    from engine_plan e where e.plan = d.plan) p;
"""
_WHAT = "array['破损','缺失','堵塞','积水','占道','脏污','倾斜','漏水','移位','丢失','开裂','脱落']"
_WHERE = "array['站前路','景山街','温瑞大道','瓯海大道','学院西路','梧慈路','雪山路','月落垟街','南湖路','老街巷']"
_NOTE = "array['影响行人通行','夜间看不清,容易绊倒人','居民多次反映','靠近学校门口','雨天更严重','请尽快处理']"

_FILE = f"""
insert into case_file (id, version, number, county, flow, flow_version, state, stage, ending,
    category, standard, grid, area_path, description, address, longitude, latitude, urgent,
    suspended, supervised, severity, source, org, reported_at, changed_at, ended_at, yellow_at,
    due_at, title, closing_org, supervision, call_back, sensitive, labels, parts, document)
select *, convert_to(rpad(json_strip_nulls(json_build_object(
    'id', id, 'version', version, 'number', number, 'county', county, 'flow', flow,
    'flow_version', flow_version, 'state', state, 'stage', stage, 'ending', ending,
    'category', category, 'standard', standard, 'description', description, 'address', address,
    'position', json_build_object('longitude', longitude, 'latitude', latitude),
    'grid', grid, 'area_path', area_path, 'urgent', urgent, 'reported_at', reported_at,
    'changed_at', changed_at, 'ended_at', ended_at, 'closing_org', closing_org,
    'supervision', supervision,
    'call_back', case when call_back is not null then json_build_object('state', call_back) end,
    'reports', (select json_build_array(json_build_object('id', c.report, 'source', f.source,
        'user', c.worker, 'post', c.worker_post, 'occurred_at', f.reported_at,
        'received_at', f.reported_at, 'description', f.description))
        from engine_case c where c.id = f.id),
    'assignments', (select json_build_array(json_build_object('id', md5('part' || c.n)::uuid,
        'org', c.org, 'post', null, 'kind', 'main', 'requirement', '', 'limit', null,
        'state', case when f.state = 'dispatched' then 'open' else 'answered' end,
        'assigned_at', c.dispatched_at, 'by_org', c.centre, 'by_user', c.clerk,
        'by_post', c.clerk_post)) from engine_case c where c.id = f.id and c.is_dispatched)
    ))::text, 2100), 'UTF8')
from (
    select id, greatest(last, $1::int) as version,
        '{COUNTY}-' || to_char(reported_at at time zone 'Asia/Shanghai', 'YYYYMMDD') || '-'
            || lpad((n % 1000000)::text, 6, '0') as number,
        '{COUNTY}'::text as county, '{FLOW}'::text as flow, 1 as flow_version, state, stage, ending,
        category, case when is_filed then 1 end as standard, grid, area_path,
        category_name || ({_WHAT})[1 + dice1 % 12] || ',' || ({_NOTE})[1 + dice2 % 6] as description,
        ({_WHERE})[1 + dice3 % 10] || ' ' || (1 + dice1 % 400) || ' 号' as address,
        longitude, latitude, dice1 % 50 = 0 as urgent, false as suspended, false as supervised,
        0 as severity, pg_temp.engine_source(dice2) as source, case when is_dispatched then org end as org,
        reported_at, changed_at, case when ending is not null then changed_at end as ended_at,
        case when ending is null then changed_at + interval '19 hours' end as yellow_at,
        case when ending is null then changed_at + interval '24 hours' end as due_at,
        '' as title, centre as closing_org,
        case when ending is null and dice3 % 40 = 0 then 'overdue' end as supervision,
        case when ending is null then null
            when pg_temp.engine_source(dice2) not in ('hotline', 'public') then 'unwanted'
            when dice3 % 4 = 0 then 'wanted' else 'done' end as call_back,
        dice2 % 700 = 0 as sensitive, case dice1 % 40 when 0 then array['again'] when 1 then array['heavy', 'loud']
            else '{{}}' end::varchar[] as labels,
        array['closer:' || centre, 'involved:' || centre, 'raiser:' || worker]
            || case when is_dispatched and org <> centre then array['involved:' || org]
                else '{{}}' end
            || case when state = 'dispatched'
                then array['assignee:' || org, 'assigner:' || centre, 'main:' || org]
                else '{{}}' end as parts
    from engine_case
) f
"""
_SOURCE = """
create function pg_temp.engine_source(dice int) returns text language sql immutable as $$
    select case when dice % 20 < 11 then 'worker' when dice % 20 < 14 then 'supervisor'
        when dice % 20 < 17 then 'hotline' when dice % 20 < 19 then 'public' else 'leader' end
$$
"""
_REPORTS = """
insert into report (id, case_id, source, "user", post, occurred_at, received_at, description,
    self_handled, private, call_back)
select e.report, e.id, c.source, e.worker, e.worker_post, e.reported_at, e.reported_at,
    c.description, false, false, c.source in ('hotline', 'public')
from engine_case e join case_file c using (id)
"""
_PARTS = """
insert into assignment (id, case_id, org, kind, state, requirement, assigned_at, answered_at,
    by_org, failed_checks)
select md5('part' || n)::uuid, id, org, 'main',
    case when state = 'dispatched' then 'open' else 'answered' end, '', dispatched_at,
    case when state <> 'dispatched' then changed_at end, centre,
    case when plan = 1 and last >= 8 then 1 else 0 end
from engine_case where is_dispatched
"""
_TEXTS = """
insert into case_text (case_id, number, body, pairs)
select id, number, body, text_pairs(body)
from (select id, number, lower(description || E'\\n' || address) as body from case_file) t
"""
_TALLIES = """
insert into case_tally
    (county, area_path, holder, flow, state, supervision, call_back, suspended, n)
select county, p.area_path, p.holder, flow, state, supervision, call_back, suspended, count(*)
from case_file c cross join lateral (
    select c.area_path, ''
    union all select '', part from unnest(c.parts) part where part like 'involved:%'
) p (area_path, holder)
where ended_at is not null group by 1, 2, 3, 4, 5, 6, 7, 8
"""

# A clock's id: by its name, and whether it belongs to the second round.
_JOURNAL = f"""
insert into journal (occurred_at, received_at, author, post, area, command, kind, entity, version,
    verb, facts)
select s.moment, s.moment, s.author, s.post, c.area_path, md5('step' || c.n || '.' || s.k)::uuid,
    'case', c.id, s.k, case when s.k = 1 then 'case.reported' else 'case.acted' end,
    jsonb_strip_nulls(jsonb_build_object(
        'number', f.number, 'flow', '{FLOW}', 'flow_version', 1, 'state', s.to_state,
        'stage', s.stage, 'ending', s.ending, 'category', c.category,
        'standard', case when s.filed then 1 end, 'source', f.source, 'grid', c.grid,
        'area_path', c.area_path, 'closing_org', c.centre,
        'step', md5('step' || c.n || '.' || s.k)::uuid, 'action', s.action,
        'from_state', s.from_state, 'by_org', s.org, 'verdict', s.verdict,
        'failed_checks', s.failed,
        'report', case when s.k = 1 then c.report end,
        'reported_by', case when s.k = 1 then c.worker end,
        'call_back_wish', case when s.k = 1 and f.source in ('hotline', 'public') then true end,
        'orgs', case when s.action = 'dispatch' then jsonb_build_array(c.org) end,
        'workers', jsonb_build_array(c.worker),
        'parts', case when s.action in ('dispatch', 'handle') or s.verdict = 'failed' then
            jsonb_build_array(jsonb_build_object('id', md5('part' || c.n)::uuid, 'org', c.org,
                'kind', 'main', 'state', case s.action when 'handle' then 'answered' else 'open' end,
                'by_org', c.centre, 'by_user', c.clerk, 'by_post', c.clerk_post,
                'failed_checks', s.failed)) end,
        'task', case s.action when 'answer_check' then s.task end,
        'call_back', case when s.ending is not null and s.action <> 'set_labels' then
            jsonb_build_object('state', f.call_back) end
    )) || jsonb_build_object(  -- whose nulls are said
        'clocks', case when s.opens is not null or s.closes is not null then
            case when s.closes is null then '[]'::jsonb else jsonb_build_array(jsonb_build_object(
                'id', md5('clock' || c.n || s.closes || (s.k > 8))::uuid, 'name', s.closes,
                'owner', case s.closes when 'assignment' then md5('part' || c.n)::uuid end,
                'due_at', s.opened_at + pg_temp.engine_limit(s.closes), 'stopped_at', s.moment)) end
            || case when s.opens is null then '[]'::jsonb else jsonb_build_array(jsonb_build_object(
                'id', md5('clock' || c.n || s.opens || (s.k >= 8))::uuid, 'name', s.opens,
                'owner', case s.opens when 'assignment' then md5('part' || c.n)::uuid end,
                'due_at', s.moment + pg_temp.engine_limit(s.opens))) end
            || case when s.action = 'file' or (s.filed and s.ending is not null) then
                jsonb_build_array(jsonb_build_object('id', md5('clock' || c.n || 'whole')::uuid,
                    'name', 'whole', 'owner', null, 'due_at', c.filed_at + pg_temp.engine_limit('whole'),
                    'stopped_at', case when s.ending is not null then s.moment end))
                else '[]'::jsonb end else '[]'::jsonb end,
        'tasks', case when s.action in ('check', 'answer_check') then
            jsonb_build_array(jsonb_build_object('id', s.task, 'kind', 'check', 'user', c.worker,
                'org', null,
                'due_at', case s.action when 'check' then s.moment else s.opened_at end
                    + interval '1 hour',
                'state', case s.action when 'check' then 'open' else 'answered' end)) else '[]'::jsonb end
    )
from engine_case c
join case_file f using (id)
cross join lateral (
    select p.k, p.action, p.from_state, p.to_state, p.stage, p.ending, p.opens, p.closes, p.verdict,
        c.reported_at + c.course * p.at / 1000.0 as moment,
        c.reported_at + c.course * p.opened / 1000.0 as opened_at,
        c.plan < 2 and p.k >= 3 as filed, case when c.plan = 1 and p.k >= 8 then 1 end as failed,
        md5('task' || c.n || (p.k > 8))::uuid as task,
        case p.actor when 'worker' then c.worker when 'clerk' then c.clerk else c.handler end
            as author,
        case p.actor when 'worker' then c.worker_post when 'clerk' then c.clerk_post
            else c.handler_post end as post,
        case p.actor when 'worker' then c.worker_org when 'clerk' then c.centre else c.org end
            as org
    from engine_plan p where p.plan = c.plan and p.k <= c.last
    union all
    select k, 'set_labels', c.state, c.state, c.stage, c.ending, null, null, null,
        c.changed_at + k * interval '1 second', null, c.is_filed,
        case when c.plan = 1 and c.last >= 8 then 1 end, null, c.clerk, c.clerk_post, c.centre
    from generate_series(c.last + 1, $1::int) k
    order by 1
) s
"""
_LIMIT = """
create function pg_temp.engine_limit(name text) returns interval language sql immutable as $$
    select case name when 'whole' then interval '2 days' when 'assignment' then interval '1 day'
        else interval '1 hour' end
$$
"""


async def fill(conn: Connection, cases: int, rows_per_case: int = 10) -> None:
    """Add `cases` cases over the last two years with `rows_per_case` journal rows each (more for
    those that failed a check). Minutes for a million: indexes are made anew at the end.
    """
    # What each case needs at hand while it is made is worth its memory here.
    await conn.execute(
        "set work_mem = '256MB'; set maintenance_work_mem = '1GB'; set timezone = 'UTC'"
    )
    await conn.execute("set jit = off")
    for statement in (_SOURCE, _LIMIT):
        await conn.execute(statement)
    for statement in (_PLACES, _PEOPLE, _CLERKS, _CATEGORIES):
        await conn.execute(statement.replace("$1", f"'{COUNTY}'"))
    await conn.execute(_PLAN)
    await conn.execute(_OPENED)
    tables = ["case_file", "report", "assignment", "case_text", "journal"]
    indexes = await conn.fetch(_INDEXES, tables)
    for index in indexes:
        await conn.execute(f"drop index {index['name']}")
    await conn.execute(
        _CASES.replace("$1", str(cases)).replace("$2", str(OPEN)).replace("$3", str(DAYS))
    )
    await conn.execute("create unique index on engine_case (id); analyze engine_case")
    await conn.execute(_FILE, rows_per_case)
    for statement in (_REPORTS, _PARTS, _TEXTS, _TALLIES):
        await conn.execute(statement)
    await extend_partitions(conn)
    await conn.execute(_JOURNAL, rows_per_case)
    await extend_partitions(conn)
    for index in indexes:
        await conn.execute(index["definition"].replace(" ON ONLY ", " ON "))  # of all partitions
    for table in (*tables[:-1], "case_tally"):
        await conn.execute(f"vacuum analyze {table}")
    await conn.execute("analyze journal")


_OPENED = """
alter table engine_plan add opened int;
update engine_plan p set opened = (
    select max(e.at) from engine_plan e
    where e.plan = p.plan and e.opens = p.closes and e.k < p.k)
"""
_INDEXES = """
select indexname as name, indexdef as definition from pg_indexes i
where schemaname = 'public' and tablename = any($1)
    and not exists (select from pg_constraint c where c.conname = i.indexname)
"""
