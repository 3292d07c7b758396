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

from thumbapp.errors import BadChoice, BadQuality, BadRecipe
from thumbapp.imaging.recipe import Fit, Format, Recipe

OFFERED_SIZES: Final = ("64", "128", "256", "512", "1024")
_FITS: Final = [
    SelectChoice(Fit.FIT, "whole picture inside the size"),
    SelectChoice(Fit.FILL, "fill the size, cut what stands over"),
    SelectChoice(Fit.PAD, "whole picture, margins filled up"),
    SelectChoice(Fit.STRETCH, "stretch to the size"),
]
_FORMATS: Final = [
    SelectChoice(Format.KEEP, "as the original"),
    SelectChoice(Format.JPEG, "JPEG"),
    SelectChoice(Format.PNG, "PNG"),
    SelectChoice(Format.WEBP, "WebP"),
    SelectChoice(Format.AVIF, "AVIF"),
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
        return Recipe.parse(
            sizes=self.sizes.data or (),
            fit=self.fit.data or "",
            format=self.format.data or "",
            quality=self.quality.data or "",
            include_original=self.include_original.data,
        )

    def validate(self, extra_validators: Any = None) -> bool:
        """Return whether the form can be used; a refusal stands at the field that it is about."""
        if not super().validate(extra_validators):
            return False
        try:
            self.recipe()
        except BadRecipe as error:
            self.refuse(self._field_of(error), error)
            return False
        return True

    def refuse(self, field: str, error: Exception) -> None:
        """Write the sentence of *error* at *field*."""
        self[field].errors = [*self[field].errors, str(error)]

    def _field_of(self, error: BadRecipe) -> str:
        if isinstance(error, BadQuality):
            return "quality"
        if isinstance(error, BadChoice):
            return "fit" if self.fit.data not in set(Fit) else "format"
        return "sizes"
