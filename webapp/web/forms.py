"""WTForms as this project uses them: typed text is normalised, errors are Chinese, nothing typed is lost."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from flask import request
from flask_wtf import FlaskForm
from werkzeug.datastructures import ImmutableMultiDict
from wtforms import Field, IntegerField, StringField, TextAreaField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError

from webapp.core.errors import DomainError, Invalid
from webapp.core.points import Points, show
from webapp.core.text import normalise, normalise_prose
from webapp.extensions import db

Result = TypeVar("Result")


LARGEST = 2**31 - 1  # what an integer of the database holds


def storable(form: Any, field: Field) -> None:
    """After a field's own rules, which say more."""
    if field.data is not None and not field.errors and abs(field.data) > LARGEST:
        raise ValidationError("数字太大了，请检查后重填。")


class Form(FlaskForm):  # type: ignore[misc]  # Flask-WTF has no types
    """Base of all forms. The CSRF token is checked for every POST by the extension, not form by form.

    The browser's language does not matter: messages are Chinese.
    """

    class Meta:
        csrf = False
        locales = ("zh",)

        def wrap_formdata(self, form: Any, formdata: Any) -> Any:
            """Only what comes as a form: Flask-WTF would read JSON in its place, however deep it nests."""
            return ImmutableMultiDict() if request.is_json else super().wrap_formdata(form, formdata)  # type: ignore[misc]  # FlaskForm.Meta becomes a base

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Field:
            filters = list(unbound_field.kwargs.get("filters", ()))
            if issubclass(unbound_field.field_class, StringField) and not filters:
                prose = issubclass(unbound_field.field_class, TextAreaField)
                options = {**options, "filters": [clean_prose if prose else clean]}
            if issubclass(unbound_field.field_class, IntegerField):
                options = {**options, "validators": [*unbound_field.kwargs.get("validators", ()), storable]}
            return unbound_field.bind(form=form, **options)

    def blame(self, error: DomainError) -> bool:
        """Put a service's refusal under the field it names; False if the form has no such field."""
        field = getattr(self, error.field or "", None)
        if field is None:
            return False
        field.errors = [*field.errors, error.message]
        return True

    def first_errors(self) -> list[tuple[str, str]]:
        """(field id, message) of each field in error, for the summary above the form."""
        return [(field.id, field.errors[0]) for field in self if field.errors]


def clean(value: str | None) -> str | None:
    """Names, numbers and codes: one line, full-width folded. The filter of every text field unless it has its own."""
    return normalise(value) if isinstance(value, str) else value


def clean_prose(value: str | None) -> str | None:
    """Sentences: Chinese punctuation stays. The filter of text areas; give it to a one-line field that holds prose."""
    return normalise_prose(value) if isinstance(value, str) else value


def perform(form: Form, act: Callable[[], Result]) -> Result | None:
    """Call a service for a form that was filled in well. A refusal that names a field goes under that field.

    None: the form is to be shown (again), with ``status_of`` it.
    """
    if not form.validate_on_submit():
        return None
    try:
        return act()
    except DomainError as error:
        if not form.blame(error):
            raise
        db.session.rollback()
        return None


def status_of(form: Form) -> int:
    """422 for a form that came back, 200 for one that is shown for the first time."""
    return 422 if form.errors else 200


def required(message: str) -> DataRequired:
    return DataRequired(message=message)


def given(message: str) -> InputRequired:
    return InputRequired(message=message)


def at_most(length: int) -> Length:
    return Length(max=length, message=f"最多 {length} 个字。")


def optional() -> Optional:
    return Optional()


def options(pairs: Iterable[tuple[str | int, str]]) -> list[SelectChoice]:
    """(value, words) pairs as the choices of a select or of radio buttons."""
    return [SelectChoice(value, words) for value, words in pairs]


class PointsField(StringField):  # type: ignore[misc]  # WTForms has no types
    """A typed amount of points; ``data`` is ``Points`` or None when left empty."""

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        self.data = None
        self.typed = valuelist[0] if valuelist else ""
        if not self.typed.strip():
            return
        try:
            self.data = Points.parse(normalise(self.typed))
        except Invalid as error:
            raise ValidationError(error.message) from error

    def _value(self) -> str:
        if self.raw_data:
            return str(self.raw_data[0])
        return show(self.data.tenths).replace("−", "-") if self.data is not None else ""
