"""Places, organisations, people who work here, and how they sign in.

Configuration rows are keyed by the city's own codes, so that an import is idempotent and a
journal row can name them without a lookup. `version` counts a row's changes.
"""

from piccolo.columns import (
    JSONB,
    UUID,
    Array,
    BigInt,
    Boolean,
    Bytea,
    Date,
    DoublePrecision,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.table import Table


class Area(Table, tablename="area"):
    """A place: administrative area or grid. `path`: the codes from the county down, '/'-joined."""

    id = UUID(primary_key=True)  # derived_id("area", code)
    code = Varchar(32, unique=True)
    name = Text()
    kind = Varchar(16)  # administrative, unit, responsibility, governance
    level = Integer()  # data: 1 county, 2 town, 3 community, 4 grid in the demo city
    parent = Varchar(32, null=True, default=None, index=True)
    county = Varchar(32, index=True)
    path = Text(index=True)  # '330304/330304001/330304001002/330304001002001'
    valid_from = Date()
    valid_to = Date(null=True, default=None)
    successors = Array(base_column=Varchar(32), default=list)
    polygon = JSONB(null=True, default=None)  # GeoJSON Polygon or MultiPolygon, WGS-84
    longitude = DoublePrecision(null=True, default=None)  # a point inside, WGS-84
    latitude = DoublePrecision(null=True, default=None)
    version = Integer(default=1)


class Org(Table, tablename="org"):
    """Centre, department, company or community committee."""

    id = UUID(primary_key=True)  # derived_id("org", code)
    code = Varchar(32, unique=True)
    name = Text()
    kind = Varchar(16)  # centre, department, company, community
    parent = Varchar(32, null=True, default=None)
    area = Varchar(32)
    county = Varchar(32, index=True)
    version = Integer(default=1)


class Role(Table, tablename="role"):
    """A set of named permissions."""

    id = UUID(primary_key=True)  # derived_id("role", code)
    code = Varchar(32, unique=True)
    name = Text()
    permissions = Array(base_column=Varchar(64), default=list)
    version = Integer(default=1)


class Post(Table, tablename="post"):
    """Org + role + areas and categories served. A session acts as one post."""

    id = UUID(primary_key=True)  # derived_id("post", code)
    code = Varchar(32, unique=True)
    name = Text()
    org = Varchar(32, index=True)
    role = Varchar(32)
    areas = Array(base_column=Varchar(32), default=list)  # area codes
    categories = Array(base_column=Varchar(32), default=list)  # code prefixes; empty = all
    county = Varchar(32, index=True)
    version = Integer(default=1)


class User(Table, tablename="app_user"):
    """Someone who can sign in. `phone` is sealed (SM4-GCM)."""

    id = UUID(primary_key=True)  # derived_id("user", code)
    code = Varchar(64, unique=True)
    name = Text()
    phone = Bytea(null=True, default=None)
    county = Varchar(32, index=True)
    active = Boolean(default=True)
    version = Integer(default=1)


class Appointment(Table, tablename="appointment"):
    """Ties a user to a post from/to (dates of the county's time zone, `valid_to` inclusive)."""

    id = UUID(primary_key=True)  # derived_id("appointment", user, post, valid_from)
    user = Varchar(64, index=True)
    post = Varchar(32, index=True)
    valid_from = Date()
    valid_to = Date(null=True, default=None)
    version = Integer(default=1)


class Identity(Table, tablename="identity"):
    """(provider, subject) of a user. A password's `secret` is Argon2id, then sealed with SM4."""

    id = UUID(primary_key=True)  # derived_id("identity", provider, subject)
    user_id = UUID(index=True)
    provider = Varchar(16)  # password, wechat, …
    subject = Varchar(128)
    secret = Bytea(null=True, default=None)
    must_change = Boolean(default=False)


class Device(Table, tablename="device"):
    """A registered phone or browser. `public_key` is what its commands are signed for."""

    id = UUID(primary_key=True)  # made by the device
    user_id = UUID(index=True)  # who signed in on it last
    users = Array(base_column=UUID(), default=list)  # whom its signature can speak for: all who did
    name = Text()  # what people call it
    platform = Text(default="")  # what it calls itself, as of the last sign-in
    public_key = Bytea(null=True, default=None)  # SubjectPublicKeyInfo, DER
    data_key = Bytea(null=True, default=None)  # the copy for `user_id`, sealed
    registered_at = Timestamptz()
    seen_at = Timestamptz(null=True, default=None)
    revoked_at = Timestamptz(null=True, default=None)
    wipe_at = Timestamptz(null=True, default=None)  # when it was ordered to wipe itself
    wiped_at = Timestamptz(null=True, default=None)  # when it said it had; null: it still has to


class Session(Table, tablename="session"):
    """Working state, not a fact: an opaque token's SHA-256, and the post it acts as."""

    id = UUID(primary_key=True)
    token = Bytea(unique=True)  # sha256 of the token
    user_id = UUID(index=True)
    post_id = UUID()
    device_id = UUID(null=True, default=None)
    created_at = Timestamptz()
    expires_at = Timestamptz(index=True)


class SignInAttempts(Table, tablename="sign_in_attempts"):
    """Working state: failures since the last success, per name, and until when it is locked out."""

    name = Varchar(64, primary_key=True)
    failures = Integer(default=0)
    locked_until = Timestamptz(null=True, default=None)
    changed_at = BigInt(default=0)
