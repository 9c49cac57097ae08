"""Table 6: which scales should the representation be composed of?"""

from musiq.reproduce.experiment import Claim, Experiment, Row

ENSEMBLE = "Average ensemble of (full), (224), (384)"

TABLE6 = Experiment(
    name="table6",
    title="Composition of the multi-scale representation",
    paper_data="PaQ-2-PiQ full-size test set",
    rows=(
        Row("(224)", lambda setting: setting.musiq(224, native=False), 0.600, 0.667),
        Row("(384)", lambda setting: setting.musiq(384, native=False), 0.618, 0.695),
        Row("(512)", lambda setting: setting.musiq(512, native=False), 0.620, 0.691),
        Row("(384, 224)", lambda setting: setting.musiq(224, 384, native=False), 0.620, 0.707),
        Row("(512, 384, 224)", lambda setting: setting.musiq(224, 384, 512, native=False), 0.629, 0.718),
        Row("(full)", lambda setting: setting.musiq(), 0.640, 0.721),
        Row("(full, 224)", lambda setting: setting.musiq(224), 0.643, 0.726),
        Row("(full, 384)", lambda setting: setting.musiq(384), 0.642, 0.730),
        Row("(full, 384, 224)", lambda setting: setting.musiq(224, 384), 0.646, 0.739),
        Row(ENSEMBLE, None, 0.640, 0.710, mean_of=("(full)", "(224)", "(384)")),
    ),
    claims=(
        Claim("(384)", "(224)", "larger input is better: 384 against 224"),
        Claim("(512)", "(384)", "larger input is better: 512 against 384"),
        Claim("(full)", "(512)", "larger input is better: full size against 512"),
        Claim("(384, 224)", "(384)", "a second scale helps resized input"),
        Claim("(512, 384, 224)", "(384, 224)", "a third scale helps resized input"),
        Claim("(full, 384, 224)", "(full)", "more scales help full-size input"),
        Claim("(full, 384, 224)", "(512, 384, 224)", "full size helps multi-scale input"),
        Claim("(full, 384, 224)", ENSEMBLE, "one network on all scales beats an ensemble of single-scale ones"),
    ),
)
