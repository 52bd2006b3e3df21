"""The words of doctors' statements, in the languages that they are made in."""

from __future__ import annotations

from collections.abc import Mapping

from niyat.payments.receipt_words import Language

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "statement": "Statement of earnings and payouts",
        "period": "{first} to {last}",
        "doctor": "Doctor",
        "number": "Doctor's number",
        "registration": "Registration number",
        "day": "Day",
        "kind": "What",
        "reference": "Reference",
        "total": "Total",
        "commission": "Commission",
        "tax": "Tax on it",
        "amount": "Yours",
        "balance": "Balance",
        "opening": "Balance before",
        "closing": "Balance after",
        "earned": "Visit held",
        "refund": "Refund after the visit",
        "payout": "Paid out",
        "payout-returned": "Payout came back",
        "correction": "Correction",
        "other": "Other",
        "stood": "As the books stood on {at}. A balance below zero is owed by the doctor.",
        "empty": "There is nothing in the books yet.",
    },
    "hi": {
        "statement": "आय और भुगतान का विवरण",
        "period": "{first} से {last}",
        "doctor": "डॉक्टर",
        "number": "डॉक्टर क्रमांक",
        "registration": "पंजीकरण संख्या",
        "day": "दिन",
        "kind": "विवरण",
        "reference": "संदर्भ",
        "total": "कुल",
        "commission": "कमीशन",
        "tax": "उस पर कर",
        "amount": "आपकी राशि",
        "balance": "शेष",
        "opening": "पहले का शेष",
        "closing": "अंतिम शेष",
        "earned": "परामर्श हुआ",
        "refund": "परामर्श के बाद धन-वापसी",
        "payout": "भुगतान किया गया",
        "payout-returned": "भुगतान लौट आया",
        "correction": "सुधार",
        "other": "अन्य",
        "stood": "{at} को खातों के अनुसार। शून्य से कम शेष डॉक्टर पर देय है।",
        "empty": "खातों में अभी कुछ नहीं है।",
    },
}
