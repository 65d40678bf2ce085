"""Photos and recordings, and what they belong to.

An upload in progress is working state, not a fact: how many bytes have come is the size of its
file in the spool, and stands nowhere else.
"""

from piccolo.columns import (
    UUID,
    BigInt,
    BigSerial,
    Bytea,
    DoublePrecision,
    Integer,
    Text,
    Timestamptz,
    Varchar,
)
from piccolo.constraints import Unique
from piccolo.table import Table


class Media(Table, tablename="media"):
    """One upload. `sha256` is what its author declared; bytes that differ are never stored."""

    id = UUID(primary_key=True)  # made by the client
    uploader = UUID()  # its author
    bearer = UUID(null=True, default=None)  # whose session announced it last; maybe not its author
    sealed = Bytea(null=True, default=None)  # key and author of one that comes encrypted
    kind = Varchar(8)  # photo, audio, file
    size = BigInt()  # bytes
    sha256 = Varchar(64)
    state = Varchar(16)  # uploading, stored, refused
    refused = Varchar(32, null=True, default=None)  # code of the reason
    content_type = Varchar(80, null=True, default=None)  # as sniffed
    created_at = Timestamptz()
    expires_at = Timestamptz()  # when an unfinished upload is given up
    stored_at = Timestamptz(null=True, default=None)
    width = Integer(null=True, default=None)  # pixels as stored, before orientation
    height = Integer(null=True, default=None)
    orientation = Integer(null=True, default=None)  # EXIF 1-8
    taken_at = Timestamptz(null=True, default=None)  # EXIF
    longitude = DoublePrecision(null=True, default=None)  # EXIF, WGS-84
    latitude = DoublePrecision(null=True, default=None)
    differs_s = Integer(null=True, default=None)  # EXIF against the signed shutter facts
    differs_m = Integer(null=True, default=None)
    view_key = Text(null=True, default=None)  # the 1600 px view's object; null: to be made


class MediaLink(Table, tablename="media_link"):
    """A command's claim on a medium, which may come before or after its bytes.

    It holds only where uploader and sha256 equal those of the medium. The shutter facts are those
    the author signed.
    """

    id = BigSerial(primary_key=True)
    media_id = UUID()
    uploader = UUID()
    sha256 = Varchar(64)
    owner_kind = Varchar(32)  # 'case', …
    owner_id = UUID()
    role = Varchar(16)
    place = Text(default="")  # for the watermark
    taken_at = Timestamptz()
    longitude = DoublePrecision(null=True, default=None)  # WGS-84
    latitude = DoublePrecision(null=True, default=None)
    accuracy_m = DoublePrecision(null=True, default=None)
    origin = Varchar(8)  # camera, album

    media_link_key = Unique([media_id, owner_kind, owner_id])
