"""A measured figure beside the floor measured in the same run."""

from msgspec import Struct


class Figure(Struct, frozen=True):
    """`ratio` is ours over floor: for rates nearer 1 is better, for times and sizes likewise."""

    bench: str
    figure: str
    ours: float
    floor: float | None
    unit: str

    def line(self) -> dict[str, object]:
        """As printed."""
        return {
            "bench": self.bench,
            "figure": self.figure,
            "ours": round(self.ours, 2),
            "floor": None if self.floor is None else round(self.floor, 2),
            "ratio": None if not self.floor else round(self.ours / self.floor, 3),
            "unit": self.unit,
        }


def percentile(values: list[float], share: float) -> float:
    """The value below which `share` of the values lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]
