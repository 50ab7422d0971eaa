"""How structures of any name are shown: known words in the look guide's and anatomy books' colours, others by name."""

import hashlib
from collections.abc import Iterator, Mapping
from colorsys import hls_to_rgb

from twinviewer.domain import StructureStyle

# A word in a name -> colour. Longer words are looked for first, so that "tumour" wins in "lung_tumour".
WORDS: Mapping[str, str] = {
    "bone": "#E6DDC8", "vertebra": "#E6DDC8", "vertebrae": "#E6DDC8", "rib": "#DDD2B8", "sternum": "#EDE6D6",
    "skull": "#EDE6D6", "sacrum": "#DDD2B8", "hip": "#E1D6BD", "femur": "#E9E1CF", "humerus": "#E9E1CF",
    "scapula": "#E1D6BD", "clavicula": "#E1D6BD", "costal": "#BFD1C6", "lung": "#8FB8C9", "trachea": "#B9D3DC",
    "tumour": "#E5B454", "tumor": "#E5B454", "lesion": "#E5B454", "metastasis": "#D99A3D", "oedema": "#7FC7B0",
    "edema": "#7FC7B0", "necrosis": "#8B7F6B", "cyst": "#9AD0C2", "liver": "#A5563F", "spleen": "#8C4A66",
    "kidney": "#B0694E", "pancreas": "#D9B27C", "gallbladder": "#7FA65A", "stomach": "#D79A93", "bowel": "#D8A98A",
    "colon": "#C99B76", "duodenum": "#CFA27E", "esophagus": "#C9877B", "oesophagus": "#C9877B", "bladder": "#D8C36A",
    "prostate": "#B98B74", "adrenal": "#E0A458", "thyroid": "#C4707A", "brain": "#D8B8B0", "cord": "#E8D27A",
    "aorta": "#D9544F", "artery": "#D9544F", "trunk": "#D9544F", "vein": "#5C86D6", "vena": "#5C86D6",
    "cava": "#5C86D6", "heart": "#C96A5B", "myocardium": "#C96A5B", "muscle": "#B4655A", "autochthon": "#B4655A",
    "iliopsoas": "#A85C55", "gluteus": "#A85C55", "fat": "#E3CD84", "skin": "#D9B49A", "body": "#D9B49A",
    "implant": "#B9C2CC", "metal": "#B9C2CC",
}  # fmt: skip
SEE_THROUGH = {"body": 0.25, "skin": 0.25, "lung": 0.55}


class AnyStyles(Mapping[str, StructureStyle]):
    """A style for whatever name is asked for; listing it gives those of the known words."""

    def __getitem__(self, name: str) -> StructureStyle:
        return style_of(name)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and bool(name)

    def __iter__(self) -> Iterator[str]:
        return iter(WORDS)

    def __len__(self) -> int:
        return len(WORDS)


def style_of(name: str) -> StructureStyle:
    """Label, colour and opacity of a structure: the same for the same name, always."""
    words = name.lower().split("_")
    known = [word for word in WORDS if word in words or any(one.rstrip("s") == word for one in words)]
    label = name.replace("_", " ").strip()
    label = label[:1].upper() + label[1:]
    opacity = min((SEE_THROUGH[word] for word in known if word in SEE_THROUGH), default=1.0)
    tumour = any(WORDS[word] == "#E5B454" for word in known)
    if not known:
        return StructureStyle(label, _by_name(name))
    base = next(WORDS[word] for word in known if not tumour or WORDS[word] == "#E5B454")
    return StructureStyle(label, _shaded(base, words), 1.0 if tumour else opacity)


def _shaded(colour: str, words: list[str]) -> str:
    """Right a little lighter, left a little darker, and numbered ones in turn, so that neighbours can be told apart."""
    number = sum(int("".join(c for c in word if c.isdigit()) or 0) for word in words)
    shade = 1.0 + 0.09 * ("right" in words) - 0.09 * ("left" in words) + 0.06 * (number % 3 - 1) * (number > 0)
    parts = [min(255, max(0, round(int(colour[at : at + 2], 16) * shade))) for at in (1, 3, 5)]
    return "#{:02X}{:02X}{:02X}".format(*parts)


def _by_name(name: str) -> str:
    digest = hashlib.sha256(name.encode()).digest()
    hue = int.from_bytes(digest[:4]) / 2**32
    light, full = 0.52 + 0.16 * digest[4] / 255.0, 0.42 + 0.2 * digest[5] / 255.0
    return "#{:02X}{:02X}{:02X}".format(*(round(255 * part) for part in hls_to_rgb(hue, light, full)))
