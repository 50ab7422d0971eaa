"""Why an answer differs from another program's, and why a refusal is right: file or series -> a sentence."""

EXPLAINED: dict[str, str] = {
    "dicom2nifti/failing/gantrytilting/001": (
        "they keep the slices leaning or forget that they do; here they are set upright, and a test samples every "
        "slice where its own header has it"
    ),
    "dicom2nifti/failing/sliceincrement/001": "the last slice, 10 mm from its neighbour, is left out, and that is said",
    "dicomParser/encapsulated/multi-frame/IM00001.fragmented_no_bot_jpeg_baseline.50.dcm": (
        "colours of a lossy JPEG, rounded once (by libjpeg-turbo) and not twice"
    ),
    "enhanced_philips/IM_0027_fMAP.dcm": "the file holds two kinds of image; the other half is the other series",
    "synthetic_breakage/rescale_slope_zero_in_one_slice": "the values of the twelfth are lost, and interpolated here",
    "badVR.dcm": "SimpleITK leaves out the dose grid scaling; the number of frames (1A) stops pydicom",
    "dicomdirtests/77654033/CT2": "the first slice lies 202 mm away and is not joined to the others",
    "emri_small_jpeg_2k_lossless_too_short.dcm": (
        "the end mark is cut off, the ten images are not: equal to those of emri_small_jpeg_2k_lossless.dcm"
    ),
    **{
        f"SC_rgb_rle_{name}.dcm": f"equal to pydicom-data's uncompressed SC_rgb_{name}.dcm, SimpleITK's colours are not"
        for name in ("16bit", "16bit_2frame", "32bit", "32bit_2frame")
    },
    "mlut_18.dcm": "SimpleITK leaves out the modality's table",
}

_NO_IMAGE = "it holds none: made to test parsers"
REFUSED_RIGHTLY: dict[str, str] = {
    "not DICOM": "not DICOM",
    "synthetic_breakage/truncated_and_not_dicom": "made so; the seven images beside them open",
    "JPEG2000-embedded-sequence-delimiter.dcm": "made so: four bytes of the code's own header are overwritten",
    "MR_truncated.dcm": "made so: pixels are missing",
    "UN_sequence.dcm": _NO_IMAGE,
    "empty_charset_LEI.dcm": _NO_IMAGE,
    "meta_missing_tsyntax.dcm": _NO_IMAGE,
    "nested_priv_SQ.dcm": _NO_IMAGE,
    "no_meta_group_length.dcm": _NO_IMAGE,
    "priv_SQ.dcm": _NO_IMAGE,
    "dicomdirtests/TINY_ALPHA/PT000000/ST000000/SE000000": "fifty headers without pixels",
}
