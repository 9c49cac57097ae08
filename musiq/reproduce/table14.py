"""Table 14: the size of the patches."""

from musiq.reproduce.experiment import Claim, Experiment, Row

TABLE14 = Experiment(
    name="table14",
    title="Patch size",
    paper_data="AVA",
    rows=(
        Row("16", lambda setting: setting.musiq(224, 384, patch=16), 0.715, 0.729),
        Row("32", lambda setting: setting.musiq(224, 384, patch=32), 0.726, 0.738),
        Row("48", lambda setting: setting.musiq(224, 384, patch=48), 0.713, 0.727),
        Row("64", lambda setting: setting.musiq(224, 384, patch=64), 0.705, 0.719),
    ),
    claims=tuple(Claim("32", other, f"patches of 32 px are best: against {other}") for other in ("16", "48", "64")),
)
