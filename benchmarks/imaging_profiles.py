"""Colour profiles made from their published primaries, so that no file has to be shipped."""

import struct

Point = tuple[float, float]
_D65, _D50 = (0.3127, 0.3290), (0.3457, 0.3585)
_SPACES: dict[str, tuple[tuple[Point, Point, Point], Point, float]] = {
    "Display P3": (((0.680, 0.320), (0.265, 0.690), (0.150, 0.060)), _D65, 0.0),
    "Adobe RGB (1998)": (((0.640, 0.330), (0.210, 0.710), (0.150, 0.060)), _D65, 563 / 256),
    "ProPhoto RGB": (((0.734699, 0.265301), (0.159597, 0.840403), (0.036598, 0.000105)), _D50, 1.8),
}
_BRADFORD = ((0.8951, 0.2664, -0.1614), (-0.7502, 1.7135, 0.0367), (0.0389, -0.0685, 1.0296))
_SRGB_CURVE = (2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)

Vector = tuple[float, float, float]
Matrix = tuple[Vector, Vector, Vector]


def profile(name: str) -> bytes:
    """Return an ICC profile of the RGB space *name*, one of the three above."""
    primaries, white, gamma = _SPACES[name]
    columns = _columns(primaries, white)
    curve = _gamma(gamma) if gamma else _parametric(*_SRGB_CURVE)
    tags = {
        b"desc": _description(name),
        b"wtpt": _xyz(_white(_D50)),
        b"rXYZ": _xyz(columns[0]),
        b"gXYZ": _xyz(columns[1]),
        b"bXYZ": _xyz(columns[2]),
        b"rTRC": curve,
        b"gTRC": curve,
        b"bTRC": curve,
    }
    return _assemble(tags)


def _white(point: Point) -> Vector:
    return point[0] / point[1], 1.0, (1 - point[0] - point[1]) / point[1]


def _columns(primaries: tuple[Point, Point, Point], white: Point) -> Matrix:
    """Return each primary's XYZ, scaled to make *white* and adapted to D50."""
    raw = tuple(_white(point) for point in primaries)
    shares = _solve(_transposed(raw), _white(white))
    adapt = _adaptation(_white(white), _white(_D50))
    return tuple(  # type: ignore[return-value] # three primaries
        _times(adapt, tuple(share * part for part in column))  # type: ignore[arg-type] # three parts
        for share, column in zip(shares, raw, strict=True)
    )


def _adaptation(source: Vector, target: Vector) -> Matrix:
    """Return the Bradford matrix from one white to another."""
    cone_source, cone_target = _times(_BRADFORD, source), _times(_BRADFORD, target)
    inverse = _transposed(tuple(_solve(_BRADFORD, unit) for unit in ((1, 0, 0), (0, 1, 0), (0, 0, 1))))
    scaled = tuple(
        tuple(cone_target[row] / cone_source[row] * part for part in _BRADFORD[row]) for row in range(3)
    )
    return tuple(_times(_transposed(scaled), row) for row in inverse)  # type: ignore[return-value] # 3 rows


def _transposed(matrix: tuple[tuple[float, ...], ...]) -> Matrix:
    return tuple(zip(*matrix, strict=True))  # type: ignore[return-value] # square


def _times(matrix: Matrix, vector: Vector) -> Vector:
    return tuple(sum(a * b for a, b in zip(row, vector, strict=True)) for row in matrix)  # type: ignore[return-value]


def _determinant(m: Matrix) -> float:
    (a, b, c), (d, e, f), (g, h, i) = m
    return a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)


def _solve(matrix: Matrix, vector: Vector) -> Vector:
    """Return x with matrix * x = vector, by Cramer's rule."""
    whole = _determinant(matrix)
    parts = []
    for column in range(3):
        replaced = tuple(
            tuple(vector[row] if at == column else matrix[row][at] for at in range(3)) for row in range(3)
        )
        parts.append(_determinant(replaced) / whole)  # type: ignore[arg-type] # 3x3
    return parts[0], parts[1], parts[2]


def _fixed(value: float) -> bytes:
    return struct.pack(">i", round(value * 65536))


def _xyz(value: Vector) -> bytes:
    return b"XYZ \0\0\0\0" + b"".join(map(_fixed, value))


def _gamma(value: float) -> bytes:
    return b"curv\0\0\0\0" + struct.pack(">IH", 1, round(value * 256)) + b"\0\0"


def _parametric(*numbers: float) -> bytes:
    return b"para\0\0\0\0" + struct.pack(">HH", 3, 0) + b"".join(map(_fixed, numbers))


def _description(name: str) -> bytes:
    text = name.encode("utf-16-be")
    return b"mluc\0\0\0\0" + struct.pack(">II", 1, 12) + b"enUS" + struct.pack(">II", len(text), 28) + text


def _assemble(tags: dict[bytes, bytes]) -> bytes:
    directory, body, at = b"", b"", 128 + 4 + 12 * len(tags)
    for name, payload in tags.items():
        padded = payload + b"\0" * (-len(payload) % 4)
        directory += name + struct.pack(">II", at + len(body), len(payload))
        body += padded
    whole = struct.pack(">I", len(tags)) + directory + body
    header = struct.pack(">I4sI4s4s4s", 128 + len(whole), b"none", 0x04200000, b"mntr", b"RGB ", b"XYZ ")
    header += (
        struct.pack(">6H4s", 2026, 1, 1, 0, 0, 0, b"acsp") + bytes(28) + b"".join(map(_fixed, _white(_D50)))
    )
    return header.ljust(128, b"\0") + whole
