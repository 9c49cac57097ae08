"""Table 5: does keeping the aspect ratio help, and does MUSIQ beat the paper's own baselines?"""

from musiq.reproduce.experiment import Claim, Experiment, Row
from musiq.reproduce.setting import Setting
from musiq.train.recipe import Recipe

INCEPTION = "NIMA(Inception-v2) (224 square input)"
RESNET = "NIMA(ResNet50) (384 square input)"
VIT_BASE = "ViT-Base 32 (384 square input)"
VIT_SMALL = "ViT-Small 32 (384 square input)"
SQUARE = "MUSIQ w/ square resizing (512, 384, 224)"
RESIZED = "MUSIQ w/ ARP resizing (512, 384, 224)"
FULL = "MUSIQ w/ ARP resizing (full, 384, 224)"


def _square(setting: Setting) -> Recipe:
    return setting.musiq(224, 384, 512, native=False, aspect="square")


TABLE5 = Experiment(
    name="table5",
    title="Aspect-ratio-preserving (ARP) resizing against square resizing",
    paper_data="AVA",
    rows=(
        Row(INCEPTION, lambda setting: setting.nima("inception", 224), 0.612, 0.636, parameters="56M"),
        Row(RESNET, lambda setting: setting.nima("resnet", 384), 0.624, 0.632, parameters="24M"),
        Row(VIT_BASE, lambda setting: setting.vit("base"), 0.654, 0.664, parameters="88M"),
        Row(VIT_SMALL, lambda setting: setting.vit("small"), 0.656, 0.665, parameters="22M"),
        Row(SQUARE, _square, 0.706, 0.720, parameters="27M"),
        Row(RESIZED, lambda setting: setting.musiq(224, 384, 512, native=False), 0.712, 0.726, parameters="27M"),
        Row(FULL, lambda setting: setting.musiq(224, 384), 0.726, 0.738, parameters="27M"),
    ),
    claims=(
        Claim(VIT_SMALL, RESNET, "ViT beats the convolutional baseline on the same squares"),
        Claim(SQUARE, VIT_SMALL, "several scales beat one square"),
        Claim(RESIZED, SQUARE, "keeping the aspect ratio beats squares"),
        Claim(FULL, RESIZED, "the full-size image beats its resized copy"),
        Claim(FULL, RESNET, "MUSIQ beats the convolutional baseline"),
    ),
)
