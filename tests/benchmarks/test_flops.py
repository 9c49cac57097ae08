from benchmarks.flops import network_flops
from musiq.config import ModelConfig


def test_the_papers_network_by_hand():
    stem = 16 * 16 * 64 * (7 * 7 * 3)  # 64 channels at half of 32 px
    unit = 8 * 8 * (64 * 64 + 3 * 3 * 64 * 64 + 64 * 256 + 64 * 256)  # conv1 to conv3 and the shortcut at a quarter
    project = (8 * 8 * 256) * 384
    block = 4 * 384 * 384 + 2 * 384 * 1152
    token = 2 * (stem + unit + project + 14 * block)
    assert 68e6 < token < 68.2e6
    for patches in (1, 281, 12_000):
        length = patches + 1  # the class token passes the blocks alone
        attention = 14 * 4 * 384 * length**2
        assert network_flops(ModelConfig(), patches) == patches * token + 14 * 2 * block + attention


def test_depth_and_width_count():
    one, two = (network_flops(ModelConfig(width=24, depth=depth, mlp=48), 99) for depth in (1, 2))
    assert two - one == 2 * 100 * (4 * 24 * 24 + 2 * 24 * 48) + 4 * 24 * 100**2
