"""A point as a person or a phone gave it."""

from typing import Annotated, Literal

from msgspec import Meta, Struct


class Position(Struct, frozen=True):
    """WGS-84 degrees. `accuracy_m` is the radius of the 68 % circle, null when set by hand.

    `datum` is what the source gave before conversion at the edge.
    """

    longitude: Annotated[float, Meta(ge=-180, le=180)]
    latitude: Annotated[float, Meta(ge=-90, le=90)]
    accuracy_m: Annotated[float, Meta(ge=0)] | None = None
    source: Literal["gps", "network", "manual", "exif"] = "gps"
    datum: Literal["WGS-84", "GCJ-02", "BD-09"] = "WGS-84"
