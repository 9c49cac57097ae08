"""Tables 1 to 4: MUSIQ, MUSIQ-single and the classical methods on one data set."""

from musiq.reproduce.experiment import Claim, Experiment, Row

SINGLE, MULTI = "MUSIQ-single", "MUSIQ"
BRISQUE, FLOOR = "BRISQUE features + SVR", "NSS statistics + ridge"

TABLES1TO4 = Experiment(
    name="tables1-4",
    title="MUSIQ, MUSIQ-single and classical methods",
    paper_data="PaQ-2-PiQ, KonIQ-10k, SPAQ, AVA",
    rows=(
        Row(FLOOR, classical=FLOOR),
        Row(BRISQUE, classical=BRISQUE),
        Row(SINGLE, lambda setting: setting.musiq()),
        Row(MULTI, lambda setting: setting.musiq(224, 384)),
    ),
    claims=(
        Claim(MULTI, SINGLE, "more scales help full-size input"),
        Claim(SINGLE, BRISQUE, "MUSIQ-single beats BRISQUE"),
        Claim(MULTI, BRISQUE, "MUSIQ beats BRISQUE"),
    ),
)
