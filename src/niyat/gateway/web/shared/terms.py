"""Words of the clinic's data that the catalogues know. What is not here is shown as it was written."""

from __future__ import annotations


def N_(word: str) -> str:  # noqa: N802 - gettext's customary name for "translate this, but not yet"
    """Marks a word for the catalogues."""
    return word


SPECIALTIES = (
    N_("Ayurveda"),
    N_("Cardiology"),
    N_("Dentistry"),
    N_("Dermatology"),
    N_("Diabetology"),
    N_("Ear, nose and throat"),
    N_("Endocrinology"),
    N_("Gastroenterology"),
    N_("General medicine"),
    N_("General surgery"),
    N_("Gynaecology"),
    N_("Gynaecology and obstetrics"),
    N_("Homoeopathy"),
    N_("Nephrology"),
    N_("Neurology"),
    N_("Nutrition"),
    N_("Oncology"),
    N_("Ophthalmology"),
    N_("Orthopaedics"),
    N_("Paediatrics"),
    N_("Physiotherapy"),
    N_("Psychiatry"),
    N_("Psychology"),
    N_("Pulmonology"),
    N_("Rheumatology"),
    N_("Urology"),
)
