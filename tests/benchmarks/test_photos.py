from collections import Counter

from PIL import Image

from benchmarks.photos import MIX, mixed, write_folder


def test_the_mix_is_200_photos():
    assert Counter(mixed()) == MIX
    assert len(mixed()) == 200
    for third in (mixed()[:67], mixed()[67:134], mixed()[134:]):
        assert set(third) == set(MIX)
    assert Counter(mixed(0.1)) == {(512, 384): 11, (512, 512): 3, (1024, 768): 4, (2000, 1500): 2}


def test_photos_have_their_sizes(tmp_path):
    paths = write_folder(tmp_path / "photos", [(64, 48), (48, 64), (33, 20)])
    assert paths == sorted(paths)
    sizes, pictures = [], []
    for path in paths:
        with Image.open(path) as image:
            sizes.append(image.size)
            pictures.append(image.convert("RGB").resize((8, 8)).tobytes())
    assert sizes == [(64, 48), (48, 64), (33, 20)]
    assert len(set(pictures)) == 3  # of three examples
