"""The CyberTip documents `report` and `fileDetails` as data: our own words for what NCMEC's service asks for.

Names, orders and lists of words were compared with NCMEC's public schema of November 2025 and with what open clients
send; no schema file of theirs, and no text of it, is part of this program. Where the public documentation names what
that schema does not have (`informational`, `ageAssertionDiscrepancy`), it is taken.
"""

from __future__ import annotations

from collections.abc import Mapping

from .places import COUNTRIES, STATES
from .schema import Attribute, Child, Group, OneOf, Type
from .simple_types import (
    BOOLEAN,
    DATE,
    DATE_TIME,
    DOUBLE,
    FLAG,
    INT,
    NUMBER,
    STRING,
    TEXT,
    TOKEN,
    Simple,
    pattern,
    words,
)


def _leaf(text: Simple, **attributes: Simple) -> Type:
    return Type(text=text, attributes={name: Attribute(kind) for name, kind in attributes.items()})


def _one(name: str, kind: Simple | Type) -> Child:
    return Child(name, kind if isinstance(kind, Type) else Type(text=kind), 1, 1)


def _maybe(name: str, kind: Simple | Type) -> Child:
    return Child(name, kind if isinstance(kind, Type) else Type(text=kind), 0, 1)


def _many(name: str, kind: Simple | Type, least: int = 0) -> Child:
    return Child(name, kind if isinstance(kind, Type) else Type(text=kind), least, None)


def _sequence(*children: Child | OneOf, **attributes: Attribute) -> Type:
    return Type(children=children, attributes=attributes)


def _flags(*names: str) -> Type:
    return Type(group=Group.ALL, children=tuple(_maybe(name, FLAG) for name in names))


COUNTRY = words("country", *COUNTRIES)
STATE = words("state", *STATES)
INCIDENT_TYPE = words(
    "incidentType",
    "Child Pornography (possession, manufacture, and distribution)",
    "Child Sex Trafficking",
    "Child Sex Tourism",
    "Child Sexual Molestation",
    "Misleading Domain Name",
    "Misleading Words or Digital Images on the Internet",
    "Online Enticement of Children for Sexual Acts",
    "Unsolicited Obscene Material Sent to a Child",
)
EVENT = words("ipCaptureType", "Login", "Registration", "Purchase", "Upload", "Other", "Unknown")
RELEVANCE = words("fileRelevance", "Reported", "Supplemental Reported")
CLASSIFICATION = words("fileClassification", "A1", "A2", "B1", "B2")
_ADDRESS_TYPE = words("addressType", "Home", "Business", "Billing", "Shipping", "Technical")
_EMAIL_TYPE = words("emailType", "Home", "Work", "Business", "Recovery")
_PHONE_TYPE = words("phoneType", "Mobile", "Home", "Business", "Work", "Fax", "Internet", "Recovery")
_ACCOUNT_TYPE = words("associatedAccountType", "Billing", "Linked", "Business", "Creator", "Parent/Guardian", "Other")
_BATCH_REASON = words("batchedReportReason", "VIRAL_POTENTIAL_MEME")
_METADATA = words("metadataTypes", "EXIF", "HASH")
_CALLING_CODE = pattern("phoneCountryCallingCode", r"\+[0-9]{1,3}")
_EXTENSION = pattern("phoneExtension", r"[0-9]+")

EMAIL = _leaf(STRING, type=_EMAIL_TYPE, verified=BOOLEAN, verificationDate=DATE_TIME)
PHONE = _leaf(
    STRING,
    type=_PHONE_TYPE,
    verified=BOOLEAN,
    verificationDate=DATE_TIME,
    countryCallingCode=_CALLING_CODE,
    extension=_EXTENSION,
)
ADDRESS = _sequence(
    _maybe("address", STRING),
    _maybe("city", STRING),
    _maybe("zipCode", STRING),
    _maybe("state", STATE),
    _maybe("nonUsaState", STRING),
    _maybe("country", COUNTRY),
    type=Attribute(_ADDRESS_TYPE),
)
IP_CAPTURE = _sequence(
    _one("ipAddress", STRING),
    _maybe("eventName", EVENT),
    _maybe("dateTime", DATE_TIME),
    _maybe("possibleProxy", BOOLEAN),
    _maybe("port", INT),
)
DEVICE = _sequence(
    _one("idType", STRING), _one("idValue", STRING), _maybe("eventName", EVENT), _maybe("dateTime", DATE_TIME)
)
_CONTACT = (
    _maybe("firstName", STRING),
    _maybe("lastName", STRING),
    _many("phone", PHONE),
    _many("email", EMAIL),
    _many("address", ADDRESS),
)
CONTACT_PERSON = _sequence(*_CONTACT)
PERSON = _sequence(
    *_CONTACT, _maybe("age", INT), _maybe("ageAssertionDiscrepancy", BOOLEAN), _maybe("dateOfBirth", DATE)
)
_LOCATION = _sequence(
    _maybe("city", STRING),
    _maybe("region", STRING),
    _maybe("countryCode", COUNTRY),
    verified=Attribute(BOOLEAN),
    timestamp=Attribute(DATE_TIME),
)
_DISABLED_FOR_GOOD = _leaf(BOOLEAN, disabledDate=DATE_TIME, userNotified=BOOLEAN, userNotifiedDate=DATE_TIME)
_DISABLED_FOR_A_TIME = _leaf(
    BOOLEAN, disabledDate=DATE_TIME, userNotified=BOOLEAN, userNotifiedDate=DATE_TIME, reenabledDate=DATE_TIME
)
_DISABLED = (
    _maybe("accountTemporarilyDisabled", _DISABLED_FOR_A_TIME),
    _maybe("accountPermanentlyDisabled", _DISABLED_FOR_GOOD),
)
_ASSOCIATED = _sequence(
    _maybe("platform", _leaf(STRING, thirdPartyUser=BOOLEAN)),
    _maybe("firstName", STRING),
    _maybe("middleName", STRING),
    _maybe("lastName", STRING),
    _maybe("approximateAge", INT),
    _maybe("ageAssertionDiscrepancy", BOOLEAN),
    _maybe("dateOfBirth", DATE),
    _many("phone", PHONE),
    _many("email", EMAIL),
    _maybe("allEmailsReported", BOOLEAN),
    _many("address", ADDRESS),
    _maybe("espService", STRING),
    _maybe("espIdentifier", STRING),
    _many("profileUrl", STRING),
    _maybe("screenName", STRING),
    _many("displayName", STRING),
    _maybe("profileBio", TEXT),
    _maybe("groupIdentifier", STRING),
    _maybe("compromisedAccount", BOOLEAN),
    *_DISABLED,
    _many("ipCaptureEvent", IP_CAPTURE),
    _many("deviceId", DEVICE),
    _many("priorCTReport", NUMBER),
    _maybe("additionalInfo", TEXT),
    type=Attribute(_ACCOUNT_TYPE, is_required=True),
)
_ACCOUNT = (
    _maybe("espIdentifier", STRING),
    _maybe("espService", STRING),
    _maybe("compromisedAccount", BOOLEAN),
    _maybe("screenName", STRING),
    _many("displayName", STRING),
    _many("profileUrl", STRING),
    _maybe("profileBio", TEXT),
    _many("ipCaptureEvent", IP_CAPTURE),
    _many("deviceId", DEVICE),
)
_STANDING = (*_DISABLED, _maybe("estimatedLocation", _LOCATION), _maybe("allEmailsReported", BOOLEAN))

_SUBJECT = _sequence(
    _maybe("personOrUserReportedPerson", PERSON),
    _maybe("vehicleDescription", STRING),
    *_ACCOUNT,
    _maybe("thirdPartyUserReported", BOOLEAN),
    _many("priorCTReports", NUMBER),
    _maybe("groupIdentifier", STRING),
    *_STANDING,
    _many("associatedAccount", _ASSOCIATED),
    _maybe("additionalInfo", TEXT),
)
_RECIPIENT = _sequence(
    _maybe("intendedRecipientPerson", PERSON),
    *_ACCOUNT,
    _many("priorCTReports", NUMBER),
    _maybe("groupIdentifier", STRING),
    *_STANDING,
    _many("additionalInfo", TEXT),
)
_VICTIM = _sequence(
    _one("victimPerson", PERSON),
    *_ACCOUNT,
    _maybe("schoolName", STRING),
    _many("priorCTReports", NUMBER),
    *_STANDING,
    _many("associatedAccount", _ASSOCIATED),
    _maybe("additionalInfo", TEXT),
)
_SUMMARY = _sequence(
    _one("incidentType", INCIDENT_TYPE),
    _maybe("platform", STRING),
    _maybe("escalateToHighPriority", STRING),
    _maybe(
        "reportAnnotations",
        _flags(
            "sextortion",
            "csamSolicitation",
            "minorToMinorInteraction",
            "spam",
            "sadisticOnlineExploitation",
            "informational",
        ),
    ),
    _one("incidentDateTime", DATE_TIME),
    _maybe("incidentDateTimeDescription", STRING),
)
_CONTENT = (_maybe("content", TEXT), _maybe("additionalInfo", TEXT))
_INTERNET_DETAILS = Type(
    group=Group.CHOICE,
    children=(
        _one(
            "webPageIncident",
            _sequence(
                _many("url", STRING), _maybe("additionalInfo", TEXT), thirdPartyHostedContent=Attribute(BOOLEAN)
            ),
        ),
        _one("emailIncident", _sequence(_many("emailAddress", EMAIL), *_CONTENT)),
        _one("newsgroupIncident", _sequence(_maybe("name", STRING), _many("emailAddress", EMAIL), *_CONTENT)),
        _one("chatImIncident", _sequence(_maybe("chatClient", STRING), _maybe("chatRoomName", STRING), *_CONTENT)),
        _one("onlineGamingIncident", _sequence(_maybe("gameName", STRING), _maybe("console", STRING), *_CONTENT)),
        _one(
            "cellPhoneIncident",
            _sequence(
                _maybe("phoneNumber", PHONE),
                _maybe("latitude", DOUBLE),
                _maybe("longitude", DOUBLE),
                _maybe("additionalInfo", TEXT),
            ),
        ),
        _one(
            "nonInternetIncident",
            _sequence(
                _maybe("locationName", STRING), _many("incidentAddress", ADDRESS), _maybe("additionalInfo", TEXT)
            ),
        ),
        _one(
            "peer2peerIncident",
            _sequence(
                _maybe("client", STRING),
                _many("ipCaptureEvent", IP_CAPTURE),
                _maybe("fileNames", STRING),
                _maybe("additionalInfo", TEXT),
            ),
        ),
    ),
)
_LAW_ENFORCEMENT = _sequence(
    _one("agencyName", STRING),
    _maybe("caseNumber", STRING),
    _maybe("officerContact", CONTACT_PERSON),
    _maybe("reportedToLe", BOOLEAN),
    _maybe("servedLegalProcessDomestic", BOOLEAN),
    _maybe("servedLegalProcessInternational", _leaf(BOOLEAN, fleaCountry=COUNTRY)),
)
_REPORTER = _sequence(
    _one("reportingPerson", PERSON),
    _maybe("contactPerson", CONTACT_PERSON),
    _maybe("companyTemplate", TEXT),
    _maybe("termsOfService", TEXT),
    _maybe("legalURL", STRING),
)
REPORT = _sequence(
    _maybe("batchedReport", Type(attributes={"reason": Attribute(_BATCH_REASON, is_required=True)})),
    _one("incidentSummary", _SUMMARY),
    _many("internetDetails", _INTERNET_DETAILS),
    _maybe("lawEnforcement", _LAW_ENFORCEMENT),
    _one("reporter", _REPORTER),
    _many("personOrUserReported", _SUBJECT),
    _many("intendedRecipient", _RECIPIENT),
    _many("victim", _VICTIM),
    _maybe("additionalInfo", TEXT),
)

_HASH = Type(text=STRING, attributes={"hashType": Attribute(STRING, is_required=True)})
_PAIR = _sequence(_one("name", STRING), _one("value", TEXT))
FILE_DETAILS = _sequence(
    _one("reportId", NUMBER),
    _one("fileId", TOKEN),
    _maybe("fileName", STRING),
    _maybe("originalFileName", STRING),
    _maybe("uploadedToEspTimestamp", DATE_TIME),
    _maybe("locationOfFile", STRING),
    _maybe("fileViewedByEsp", BOOLEAN),
    _maybe("exifViewedByEsp", BOOLEAN),
    _maybe("publiclyAvailable", BOOLEAN),
    _maybe("fileRelevance", RELEVANCE),
    OneOf(
        (
            _maybe("potentialMeme", BOOLEAN),
            _maybe(
                "fileAnnotations",
                _flags(
                    "animeDrawingVirtualHentai",
                    "potentialMeme",
                    "viral",
                    "possibleSelfProduction",
                    "physicalHarm",
                    "violenceGore",
                    "bestiality",
                    "liveStreaming",
                    "infant",
                    "generativeAi",
                ),
            ),
        )
    ),
    _maybe("industryClassification", CLASSIFICATION),
    _many("originalFileHash", _HASH),
    _maybe("ipCaptureEvent", IP_CAPTURE),
    _many("deviceId", DEVICE),
    _many("details", _sequence(_many("nameValuePair", _PAIR, 1), type=Attribute(_METADATA))),
    _many("additionalInfo", TEXT),
)
DOCUMENTS: Mapping[str, Type] = {"report": REPORT, "fileDetails": FILE_DETAILS}
"""Root element → what it holds."""
