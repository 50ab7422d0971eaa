"""Which services and kinds of instances are offered and asked for in an association."""

from collections.abc import Iterable

from pydicom.uid import (
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000TransferSyntaxes,
    JPEGLSTransferSyntaxes,
    JPEGTransferSyntaxes,
    RLELossless,
)
from pynetdicom import AllStoragePresentationContexts, build_context, build_role, sop_class
from pynetdicom.pdu_primitives import SCP_SCU_RoleSelectionNegotiation
from pynetdicom.presentation import PresentationContext

FIND = "1.2.840.10008.5.1.4.1.2.2.1"
MOVE = "1.2.840.10008.5.1.4.1.2.2.2"
GET = "1.2.840.10008.5.1.4.1.2.2.3"
"""Study Root Query/Retrieve (PS3.4 C.6.2)."""
VERIFY = "1.2.840.10008.1.1"

PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
SYNTAXES = (
    *PLAIN,
    *JPEGTransferSyntaxes,
    *JPEGLSTransferSyntaxes,
    *JPEG2000TransferSyntaxes,
    "1.2.840.10008.1.2.4.201",  # HTJ2K, which pydicom 3.0 does not group
    "1.2.840.10008.1.2.4.202",
    "1.2.840.10008.1.2.4.203",
    RLELossless,
    ExplicitVRBigEndian,
)
"""Transfer syntaxes that we can read, or whose refusal we can explain. Not the deflated one: bombs are made of it."""

MOST_CONTEXTS = 120
"""An association has room for 128 (PS3.8 9.3.2.2); some are for the search and for what else comes."""

OF_MODALITY = {
    "CT": ("CTImageStorage", "EnhancedCTImageStorage", "LegacyConvertedEnhancedCTImageStorage"),
    "MR": (
        "MRImageStorage",
        "EnhancedMRImageStorage",
        "LegacyConvertedEnhancedMRImageStorage",
        "MRSpectroscopyStorage",
    ),
    "US": ("UltrasoundImageStorage", "UltrasoundMultiFrameImageStorage", "EnhancedUSVolumeStorage"),
    "PT": ("PositronEmissionTomographyImageStorage", "EnhancedPETImageStorage"),
    "NM": ("NuclearMedicineImageStorage",),
    "XA": ("XRayAngiographicImageStorage", "EnhancedXAImageStorage", "XRay3DAngiographicImageStorage"),
    "SEG": ("SegmentationStorage",),
    "RTSTRUCT": ("RTStructureSetStorage",),
    "SR": ("EnhancedSRStorage", "ComprehensiveSRStorage", "Comprehensive3DSRStorage", "BasicTextSRStorage"),
    "ECG": ("TwelveLeadECGWaveformStorage", "GeneralECGWaveformStorage"),
}
"""What a series of a modality is made of, where the archive does not say. Names of pynetdicom.sop_class."""

ANY = ("SecondaryCaptureImageStorage", "MultiFrameTrueColorSecondaryCaptureImageStorage")


def query_contexts(*services: str) -> list[PresentationContext]:
    """Contexts for asking."""
    return [build_context(one, [ExplicitVRLittleEndian, ImplicitVRLittleEndian]) for one in services]


def classes_of(modality: str) -> list[str]:
    """SOP classes that a series of a modality may hold."""
    names = (*OF_MODALITY.get(modality, tuple(n for group in OF_MODALITY.values() for n in group)), *ANY)
    return [str(getattr(sop_class, name)) for name in names if hasattr(sop_class, name)]


def storage_contexts(classes: Iterable[str]) -> list[PresentationContext]:
    """Contexts for being sent instances over our own association (C-GET).

    A transfer syntax a context as far as there is room, since in a context the archive chooses one and may then not be
    able to send what is stored in another.
    """
    wanted = list(dict.fromkeys(classes))[: MOST_CONTEXTS // 2]
    alone = min(len(SYNTAXES), max(1, MOST_CONTEXTS // max(1, len(wanted)) - 1))
    made = []
    for one in wanted:
        made += [build_context(one, [syntax]) for syntax in SYNTAXES[:alone]]
        if SYNTAXES[alone:]:
            made.append(build_context(one, list(SYNTAXES[alone:])))
    return made


def roles(classes: Iterable[str]) -> list[SCP_SCU_RoleSelectionNegotiation]:
    """In C-GET it is us who are stored to, though it was us who called."""
    return [build_role(one, scp_role=True) for one in dict.fromkeys(classes)][: MOST_CONTEXTS // 2]


def accepted_contexts() -> list[PresentationContext]:
    """What our listener takes in (C-MOVE): every kind of instance, in every transfer syntax above."""
    return [build_context(str(one.abstract_syntax), list(SYNTAXES)) for one in AllStoragePresentationContexts]
