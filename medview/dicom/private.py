"""Private attributes that decide what a frame is, found by their creator and not by a guessed block (PS3.5 7.8.1)."""

from __future__ import annotations

from medview.dicom import tags
from medview.dicom.elements import Values
from medview.dicom.header import as_integer

_CREATOR_TAGS = {
    tags.tag(group, block): (group, block) for _, group, _ in tags.PRIVATE.values() for block in tags.PRIVATE_BLOCKS
}
_BY_CREATOR: dict[tuple[str, int], tuple[tuple[str, int], ...]] = {}
for _name, (_creator, _group, _low) in tags.PRIVATE.items():
    _BY_CREATOR[_creator, _group] = (*_BY_CREATOR.get((_creator, _group), ()), (_name, _low))


def private_values(values: Values) -> dict[str, bytes]:
    """Values of the attributes in :data:`medview.dicom.tags.PRIVATE` by their names there."""
    found: dict[str, bytes] = {}
    for creator_tag in values.keys() & _CREATOR_TAGS.keys():
        creator = values[creator_tag]
        group, block = _CREATOR_TAGS[creator_tag]
        for name, low in _BY_CREATOR.get((creator.strip(b" \0").decode("latin-1"), group), ()):
            value = values.get(tags.tag(group, block << 8 | low))
            if isinstance(value, list):
                positions = [item.get(tags.POSITION, b"").strip(b" \0") for item in value]
                if name == "uih_frames" and positions and all(positions):
                    found["tile_positions"] = b"\\".join(positions)
            elif value is not None and name not in found:
                found[name] = value
    csa, times = found.pop("siemens_csa", b""), found.pop("siemens_slice_times", b"")
    image_type = values.get(tags.IMAGE_TYPE, b"")
    if (
        csa
        and "siemens_b" not in found
        and (b"DIFFUSION" in image_type or b"ep_b" in values.get(tags.SEQUENCE_NAME, b""))
    ):
        _take_diffusion(csa, found)
    if times and b"MOSAIC" in image_type:  # one for each slice, also where an anonymiser took the CSA header away
        found["mosaic_tiles"] = str(len(times) // 8).encode()
    if csa and b"MOSAIC" in image_type:
        from medview.dicom.mosaic import csa_numbers

        normal = csa_numbers(csa, "SliceNormalVector")
        if len(normal) == 3:
            found["mosaic_normal"] = b"\\".join(normal)
        count = csa_numbers(csa, "NumberOfImagesInMosaic")
        if count:
            found["mosaic_tiles"] = count[0]
    return dict(sorted(found.items()))


def _take_diffusion(csa: bytes, found: dict[str, bytes]) -> None:
    """b-value and direction of older Siemens software, which writes them into the CSA header alone."""
    from medview.dicom.mosaic import csa_numbers

    b = csa_numbers(csa, "B_value")
    direction = csa_numbers(csa, "DiffusionGradientDirection")
    if b:
        found["siemens_b"] = b[0]
    if len(direction) == 3:
        found["csa_direction"] = b"\\".join(direction)


_COUNTERS = (("phase", "philips_phase"), ("acquisition", "ge_run"))


def counters_of(private: dict[str, bytes]) -> tuple[tuple[str, int], ...]:
    """(axis, number) of what makers count their images by: Philips' phase, GE's raw data run.

    The run alone tells echoes apart that GE gives one echo time and one instance number (dcm2niix issue 209).
    """
    found = ((axis, as_integer(private.get(name))) for axis, name in _COUNTERS)
    return tuple((axis, number) for axis, number in found if number is not None)


def has_reversed_rows(private: dict[str, bytes]) -> bool:
    """Whether images of GE's sequence epi_pepolar were read out backwards: their rows are stored the other way round.

    Its user variable 12 says which: 0 none, 1 all, 2 and 3 every other volume (dcm2niix, GE/README).
    """
    if b"epi_pepolar" not in private.get("ge_sequence", b""):
        return False
    return private.get("ge_user12", b"").strip(b" \0").split(b".")[0] in {b"1", b"2", b"3"}
