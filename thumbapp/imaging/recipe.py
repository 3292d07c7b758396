"""What to make of a picture: one frozen value, read from form, API and command line alike.

Knows nothing of files, decoders or limits of a machine.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Final, Self, TypeVar, cast

from thumbapp.errors import BadChoice, BadColour, BadQuality, BadSize, NoSize, TooManySizes

LARGEST_SIDE = 10_000
MOST_SIZES = 50
_SIZE = re.compile(r"(?P<width>[0-9]{1,9})x(?P<height>[0-9]{1,9})|(?P<axis>[wh]?)(?P<side>[0-9]{1,9})", re.I)
_TIMES = re.compile(r"(?<=[0-9])\s*[x\u00d7*]\s*(?=[0-9])", re.I)
_COLOUR = re.compile(r"#?([0-9a-f]{6}|[0-9a-f]{3})", re.I)
_CLAIMS = dict.fromkeys(("1", "true", "yes", "on"), True) | dict.fromkeys(("0", "false", "no", "off"), False)
_Word = TypeVar("_Word", bound=StrEnum)


# the fields of a recipe that are one word each, whoever asks: form, API and command line
WORDS: Final = (
    "fit",
    "gravity",
    "background",
    "enlarge",
    "format",
    "quality",
    "effort",
    "metadata",
    "animation",
)


class Fit(StrEnum):
    """How a picture meets its box."""

    FIT = "fit"
    FILL = "fill"
    PAD = "pad"
    STRETCH = "stretch"


class Gravity(StrEnum):
    """Which part `Fit.FILL` keeps and where `Fit.PAD` puts the picture."""

    CENTER = "center"
    NORTH = "north"
    NORTHEAST = "northeast"
    EAST = "east"
    SOUTHEAST = "southeast"
    SOUTH = "south"
    SOUTHWEST = "southwest"
    WEST = "west"
    NORTHWEST = "northwest"

    @property
    def fractions(self) -> tuple[float, float]:
        """Share of the spare room that lies left of and above the picture, each 0 to 1."""
        across = 0.0 if "west" in self else 1.0 if "east" in self else 0.5
        down = 0.0 if "north" in self else 1.0 if "south" in self else 0.5
        return across, down


class Format(StrEnum):
    """What thumbnails are written as; `KEEP` follows the original."""

    KEEP = "keep"
    JPEG = "jpeg"
    PNG = "png"
    WEBP = "webp"
    AVIF = "avif"


class Metadata(StrEnum):
    """What goes along with the pixels: nothing, or copyright, credit and colour profile."""

    NONE = "none"
    CREDIT = "credit"


class Animation(StrEnum):
    """Whether a moving picture stays one."""

    FIRST = "first"
    ALL = "all"


class Effort(StrEnum):
    """What to spend: less time, the balance, or the best pixels."""

    FAST = "fast"
    DEFAULT = "default"
    BEST = "best"


@dataclass(frozen=True, slots=True, order=True)
class Size:
    """A box in pixels; a side that is None follows from the other one."""

    width: int | None
    height: int | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the size that *text* names: ``128x96``, ``128`` (the box), ``w640`` or ``h480``.

        Raises:
            BadSize: it is none of these, or a side is not within 1 to `LARGEST_SIDE`.
        """
        found = _SIZE.fullmatch(text.strip())
        if found is None:
            raise BadSize(text, LARGEST_SIDE)
        if found["side"]:
            axis, side = found["axis"].lower(), int(found["side"])
            size = cls(None if axis == "h" else side, None if axis == "w" else side)
        else:
            size = cls(int(found["width"]), int(found["height"]))
        if not all(1 <= side <= LARGEST_SIDE for side in size.sides):
            raise BadSize(text, LARGEST_SIDE)
        return size

    @property
    def sides(self) -> tuple[int, ...]:
        """The sides that are set."""
        return tuple(side for side in (self.width, self.height) if side is not None)

    def __str__(self) -> str:
        if self.height is None:
            return f"w{self.width}"
        if self.width is None:
            return f"h{self.height}"
        return f"{self.width}x{self.height}"


@dataclass(frozen=True, slots=True)
class Recipe:
    """What to make of one picture.

    ``quality`` is 1 to 100, 0 for the format's own; ``background`` is ``#rrggbb``, used for `Fit.PAD`
    and under transparency where the format has none.
    """

    sizes: tuple[Size, ...]
    fit: Fit = Fit.FIT
    format: Format = Format.KEEP
    quality: int = 0
    include_original: bool = True
    enlarge: bool = False
    gravity: Gravity = Gravity.CENTER
    background: str = "#ffffff"
    metadata: Metadata = Metadata.NONE
    animation: Animation = Animation.FIRST
    effort: Effort = Effort.DEFAULT

    @classmethod
    def parse(
        cls,
        *,
        sizes: str | Iterable[str],
        fit: str = "",
        format: str = "",
        quality: str = "",
        include_original: str | bool = True,
        enlarge: str | bool = False,
        gravity: str = "",
        background: str = "",
        metadata: str = "",
        animation: str = "",
        effort: str = "",
    ) -> Self:
        """Return the recipe that outside text asks for; "" is each field's default.

        Raises:
            BadRecipe: one of its family, for the first thing that cannot be understood.
        """
        return cls(
            sizes=parse_sizes(sizes),
            fit=_choice("fit", fit, Fit, Fit.FIT),
            format=_choice("format", "jpeg" if format.lower() == "jpg" else format, Format, Format.KEEP),
            quality=_quality(quality),
            include_original=_claim("include_original", include_original, default=True),
            enlarge=_claim("enlarge", enlarge, default=False),
            gravity=_choice("gravity", gravity, Gravity, Gravity.CENTER),
            background=_colour(background) if background else "#ffffff",
            metadata=_choice("metadata", metadata, Metadata, Metadata.NONE),
            animation=_choice("animation", animation, Animation, Animation.FIRST),
            effort=_choice("effort", effort, Effort, Effort.DEFAULT),
        )

    @property
    def chosen(self) -> dict[str, object]:
        """What differs from the default, by the names of `WORDS`."""
        usual = type(self)(self.sizes)
        return {name: getattr(self, name) for name in WORDS if getattr(self, name) != getattr(usual, name)}

    def to_json(self) -> dict[str, object]:
        """Return a plain mapping that `from_json` reads back."""
        plain: dict[str, object] = {item.name: getattr(self, item.name) for item in fields(self)}
        plain = {name: str(value) if isinstance(value, StrEnum) else value for name, value in plain.items()}
        return plain | {"sizes": [str(size) for size in self.sizes]}

    @classmethod
    def from_json(cls, mapping: Mapping[str, object]) -> Self:
        """Return the recipe that `to_json` wrote; fields it does not name take their defaults."""
        known = {item.name for item in fields(cls)} - {"sizes"}
        given = {name: mapping[name] for name in mapping if name in known}
        text = {name: value if isinstance(value, bool) else str(value) for name, value in given.items()}
        sizes = cast("Iterable[str]", mapping["sizes"])
        return cls.parse(sizes=sizes, **text)  # type: ignore[arg-type] # parse() checks each text itself


def parse_sizes(text: str | Iterable[str]) -> tuple[Size, ...]:
    """Return the sizes of *text* in its order, each once; they stand between commas or blanks.

    Raises:
        NoSize: there is none.
        TooManySizes: there are more than `MOST_SIZES`.
        BadSize: one is none.
    """
    joined = text if isinstance(text, str) else ",".join(text)
    words = [word for word in re.split(r"[,;\s]+", _TIMES.sub("x", joined)) if word]
    if not words:
        raise NoSize
    sizes = dict.fromkeys(Size.parse(word) for word in words[: MOST_SIZES + 1])
    if len(words) > MOST_SIZES:
        raise TooManySizes(len(words), MOST_SIZES)
    return tuple(sizes)


def _choice(field: str, text: str, kind: type[_Word], default: _Word) -> _Word:
    try:
        return kind(text.strip().lower()) if text.strip() else default
    except ValueError as error:
        raise BadChoice(field, text, kind) from error


def _quality(text: str) -> int:
    if not text.strip():
        return 0
    if not re.fullmatch(r"[0-9]{1,3}", text.strip()) or int(text) > 100:
        raise BadQuality(text)
    return int(text)


def _colour(text: str) -> str:
    found = _COLOUR.fullmatch(text.strip())
    if found is None:
        raise BadColour(text)
    digits = found[1].lower()
    return "#" + (digits if len(digits) == 6 else "".join(digit * 2 for digit in digits))


def _claim(field: str, value: str | bool, *, default: bool) -> bool:
    if isinstance(value, bool):
        return value
    word = value.strip().lower()
    if word and word not in _CLAIMS:
        raise BadChoice(field, value, ("1", "0"))
    return _CLAIMS.get(word, default)
