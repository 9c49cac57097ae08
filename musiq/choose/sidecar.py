"""Ratings in XMP sidecars: small files beside the photos that photo managers read. The photos stay as they are.

Only a file that is, byte for byte, what this module writes for that very photo is ever replaced. Once another program
has changed a sidecar, it is that program's.
"""

import re
from pathlib import Path
from typing import Literal
from urllib.parse import quote

from musiq.atomic import write_file
from musiq.choose.standing import Ranked
from musiq.errors import OutputError
from musiq.scores import BANDS

Convention = Literal["adobe", "darktable"]  # photo.xmp, or photo.jpg.xmp as also digiKam has it
Done = Literal["written", "renewed", "kept"]
ALL_STARS = range(1, len(BANDS) + 1)

# ISO 16684-1 (XMP). `photoshop:SidecarForExtension` is how Adobe's programs say which of IMG_1.CR2 and IMG_1.JPG a
# sidecar IMG_1.xmp is for.
_PACKET = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="musiq">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    photoshop:SidecarForExtension="{extension}"
    xmp:CreatorTool="musiq"
    xmp:Rating="{stars}"/>
 </rdf:RDF>
</x:xmpmeta>
<?xpacket end="w"?>
"""
_OURS = re.compile(re.escape(_PACKET).replace(r"\{extension\}", '([^"<>&]*)').replace(r"\{stars\}", "[1-5]"))
_READ = 4096  # bytes, more than a packet of ours has


def stars_of(place: Ranked) -> int:
    """1 to 5: the band of the score; where it has none, the fifth of these photos that it stands in."""
    if place.photo.band in BANDS:
        return BANDS.index(place.photo.band) + 1
    return min(ALL_STARS[-1], int(place.percentile * len(BANDS) / 100) + 1)


def sidecar_path(photo: str, convention: Convention) -> Path:
    """Where a photo's sidecar stands."""
    path = Path(photo)
    return path.with_suffix(".xmp") if convention == "adobe" else path.with_name(f"{path.name}.xmp")


def packet(photo: str, stars: int) -> bytes:
    """The content of a photo's sidecar."""
    return _PACKET.format(extension=_extension(photo), stars=stars).encode()


def write_sidecar(photo: str, stars: int, convention: Convention) -> Done:
    """Writes the rating of a photo beside it, or renews what this function wrote before.

    Raises:
        OutputError: something else is there, or it cannot be written; names the sidecar.
    """
    path, content = sidecar_path(photo, convention), packet(photo, stars)
    try:
        before = _read(path)
        if before == content:
            return "kept"
        if before is not None:
            _check_ours(before, path, photo)
        partial = path.with_name(f"{path.name}.partial")
        left = _read(partial)
        if left is not None and not any(packet(photo, number).startswith(left) for number in ALL_STARS):
            raise OutputError(f"{partial}: in the way of a sidecar; {photo} gets none")
        write_file(path, content)
    except OSError as error:
        raise OutputError(f"{path}: cannot be written: {error.strerror}") from error
    return "written" if before is None else "renewed"


def _read(path: Path) -> bytes | None:
    """The beginning of a file; None where nothing is there."""
    if path.is_symlink() or (path.exists() and not path.is_file()):
        raise OutputError(f"{path}: not a file of its own, left as it is")
    if not path.exists():
        return None
    with open(path, "rb") as file:
        return file.read(_READ)


def _check_ours(content: bytes, path: Path, photo: str) -> None:
    ours = _OURS.fullmatch(content.decode(errors="replace"))
    if ours is None:
        raise OutputError(f"{path}: not written by musiq, left as it is; {photo} gets none")
    if ours[1] != _extension(photo):
        raise OutputError(f"{path}: is the sidecar of the photo with suffix {ours[1]!r}; {photo} gets none")


def _extension(photo: str) -> str:
    return quote(Path(photo).suffix[1:].encode(errors="surrogateescape"))
