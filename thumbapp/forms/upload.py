"""The upload form: pictures, and what to make of them. Becomes a `Recipe`; knows no job and no queue."""

from typing import Any, Final

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    MultipleFileField,
    SelectChoice,
    SelectField,
    SelectMultipleField,
    StringField,
)

from thumbapp.errors import BadRecipe
from thumbapp.imaging.recipe import WORDS, Animation, Effort, Fit, Format, Gravity, Metadata, Recipe

OFFERED_SIZES: Final = ("64", "128", "256", "512", "1024")
_FITS: Final = [
    SelectChoice(Fit.FIT, "whole picture inside the size"),
    SelectChoice(Fit.FILL, "fill the size, cut what stands over"),
    SelectChoice(Fit.PAD, "whole picture, margins filled up"),
    SelectChoice(Fit.STRETCH, "stretch to the size"),
]
_FORMATS: Final = [
    SelectChoice(Format.KEEP, "unchanged"),
    SelectChoice(Format.JPEG, "JPEG"),
    SelectChoice(Format.PNG, "PNG"),
    SelectChoice(Format.WEBP, "WebP"),
    SelectChoice(Format.AVIF, "AVIF"),
]
_GRAVITIES: Final = [
    SelectChoice(Gravity.CENTER, "centre"),
    SelectChoice(Gravity.NORTH, "top"),
    SelectChoice(Gravity.NORTHEAST, "top right"),
    SelectChoice(Gravity.EAST, "right"),
    SelectChoice(Gravity.SOUTHEAST, "bottom right"),
    SelectChoice(Gravity.SOUTH, "bottom"),
    SelectChoice(Gravity.SOUTHWEST, "bottom left"),
    SelectChoice(Gravity.WEST, "left"),
    SelectChoice(Gravity.NORTHWEST, "top left"),
]
_EFFORTS: Final = [
    SelectChoice(Effort.FAST, "fast"),
    SelectChoice(Effort.DEFAULT, "balanced"),
    SelectChoice(Effort.BEST, "best, about twice the time"),
]
_METADATA: Final = [
    SelectChoice(Metadata.NONE, "leave out"),
    SelectChoice(Metadata.CREDIT, "keep copyright, credit and colour profile"),
]
_ANIMATIONS: Final = [
    SelectChoice(Animation.FIRST, "first frame"),
    SelectChoice(Animation.ALL, "all frames, where the format can"),
]


class LastWordField(BooleanField):  # type: ignore[misc] # WTForms ships no types
    """A tick box after a hidden 0 of the same name: the last value counts, none at all is a tick."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Set whether the box is ticked."""
        self.data = valuelist[-1:] not in (["0"], [""])


class UploadForm(FlaskForm):  # type: ignore[misc] # Flask-WTF ships no types
    """Pictures and a recipe; `sizes` holds the ticked and the typed ones under one name."""

    image = MultipleFileField("Pictures")
    sizes = SelectMultipleField(
        "Sizes",
        choices=[SelectChoice(size) for size in OFFERED_SIZES],
        default=["128"],
        validate_choice=False,
    )
    fit = SelectField("Fit", choices=_FITS, default=Fit.FIT, validate_choice=False)
    format = SelectField("Format", choices=_FORMATS, default=Format.KEEP, validate_choice=False)
    quality = StringField("Quality", default="")
    gravity = SelectField("Position", choices=_GRAVITIES, default=Gravity.CENTER, validate_choice=False)
    background = StringField("Background", default="#ffffff")
    enlarge = BooleanField("Enlarge pictures that are smaller than the size")
    effort = SelectField("Effort", choices=_EFFORTS, default=Effort.DEFAULT, validate_choice=False)
    metadata = SelectField("Metadata", choices=_METADATA, default=Metadata.NONE, validate_choice=False)
    animation = SelectField("Animations", choices=_ANIMATIONS, default=Animation.FIRST, validate_choice=False)
    include_original = LastWordField("Put the originals in the zip", default=True)

    @property
    def typed_sizes(self) -> str:
        """The sizes that no box offers, as they were typed."""
        return ", ".join(text for text in self.sizes.data or () if text.strip() and text not in OFFERED_SIZES)

    def recipe(self) -> Recipe:
        """Return what to make.

        Raises:
            BadRecipe: a field holds something that cannot be understood.
        """
        words = {name: self[name].data or "" for name in WORDS}
        return Recipe.parse(sizes=self.sizes.data or (), include_original=self.include_original.data, **words)

    @property
    def has_option_errors(self) -> bool:
        """Whether something in the folded part was refused."""
        return any(self[name].errors for name in WORDS)

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the form can be used; a refusal stands at the field that it is about."""
        if not super().validate(extra_validators):
            return False
        try:
            self.recipe()
        except BadRecipe as error:
            self.refuse(error.field, error)
            return False
        return True

    def refuse(self, field: str, error: Exception) -> None:
        """Write the sentence of *error* at *field*."""
        self[field].errors = [*self[field].errors, str(error)]
