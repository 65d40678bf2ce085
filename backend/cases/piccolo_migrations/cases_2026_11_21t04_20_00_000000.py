"""What finding among a million cases stands on: text by pairs of characters, places, open cases by
how they stand, and tallies of ended ones (docs/decisions/0052-finding.md).
"""

from piccolo.apps.migrations.auto.migration_manager import MigrationManager
from piccolo.table import Table

ID = "2026-11-21T04:20:00:000000"
VERSION = "1.38.0"
DESCRIPTION = "text, places and tallies for finding"

_STATEMENTS = (
    # Every two neighbouring characters, and the last one alone: a Chinese word is often no longer.
    """
    CREATE FUNCTION text_pairs(body text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT coalesce(array_to_tsvector(array_agg(DISTINCT substr(body, i, 2))), '')
        FROM generate_series(1, length(body)) i
    $$
    """,
    # What a text must have to hold `part`; one character alone is the beginning of a pair.
    r"""
    CREATE FUNCTION pairs_of(part text) RETURNS tsquery
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE AS $$
        SELECT string_agg(
            '''' || replace(replace(substr(part, i, 2), '\', '\\'), '''', '''''') || ''''
                || CASE WHEN length(part) = 1 THEN ':*' ELSE '' END, ' & ')::tsquery
        FROM generate_series(1, greatest(length(part) - 1, 1)) i
    $$
    """,
    # The SQL twin of backend.core.geo.distance_m.
    """
    CREATE FUNCTION metres_between(
        lon_a double precision, lat_a double precision,
        lon_b double precision, lat_b double precision
    ) RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
        SELECT 2 * 6371008.8 * asin(least(1.0, sqrt(
            sin(radians(lat_b - lat_a) / 2) ^ 2
            + cos(radians(lat_a)) * cos(radians(lat_b)) * sin(radians(lon_b - lon_a) / 2) ^ 2)))
    $$
    """,
    """
    CREATE TABLE case_text (
        case_id uuid PRIMARY KEY,
        number text NOT NULL,
        body text NOT NULL,
        pairs tsvector NOT NULL
    )
    """,
    # Until the case is next saved: its descriptions of further reports are found from then on.
    """
    INSERT INTO case_text
    SELECT id, number, body, text_pairs(body) FROM (
        SELECT id, number, lower(concat_ws(E'\\n', title, description, address)) AS body
        FROM case_file) t
    """,
    "CREATE INDEX case_text_pairs ON case_text USING gin (pairs)",
    "CREATE INDEX case_text_number ON case_text USING gin (number gin_trgm_ops)",
    "DROP INDEX case_file_text",
    """
    CREATE TABLE case_tally (
        id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
        county text NOT NULL,
        area_path text NOT NULL,
        holder text NOT NULL,
        flow text NOT NULL,
        state text NOT NULL,
        supervision text,
        call_back text,
        suspended boolean NOT NULL,
        n integer NOT NULL
    )
    """,
    """
    INSERT INTO case_tally
        (county, area_path, holder, flow, state, supervision, call_back, suspended, n)
    SELECT county, p.area_path, p.holder, flow, state, supervision, call_back, suspended, count(*)
    FROM case_file, LATERAL (
        SELECT area_path, '' AS holder
        UNION ALL SELECT '', part FROM unnest(parts) part WHERE part LIKE 'involved:%'
    ) p (area_path, holder)
    WHERE ended_at IS NOT NULL GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    """,
    "CREATE INDEX case_tally_county ON case_tally (county, holder, area_path text_pattern_ops)",
    "CREATE INDEX case_file_open ON case_file (county, area_path text_pattern_ops, flow, state, "
    "supervision, call_back, suspended) WHERE ended_at IS NULL",
    # The newest first, and what is asked most, so that rows that do not fit are not fetched.
    "DROP INDEX case_file_recent",
    "CREATE INDEX case_file_recent ON case_file (county, reported_at DESC, id DESC, source, "
    "category, area_path text_pattern_ops)",
    "CREATE INDEX case_file_place ON case_file (longitude, latitude)",
    "CREATE INDEX case_file_open_recent ON case_file (county, reported_at DESC, id DESC, due_at, "
    "yellow_at) WHERE ended_at IS NULL",
    "CREATE INDEX case_file_marked ON case_file (county, reported_at DESC, id DESC) "
    "WHERE suspended OR sensitive OR supervision IS NOT NULL",
    "DROP INDEX case_file_due",
    # Beside the row rather than in it: finding reads rows, and writing need not compress.
    "ALTER TABLE case_file ALTER COLUMN document SET STORAGE EXTERNAL",
    "CREATE INDEX case_file_grid ON case_file (grid, reported_at DESC, id DESC)",
)


async def forwards() -> MigrationManager:
    manager = MigrationManager(migration_id=ID, app_name="cases", description=DESCRIPTION)

    async def run() -> None:
        for statement in _STATEMENTS:
            await Table.raw(statement)

    manager.add_raw(run)
    return manager
