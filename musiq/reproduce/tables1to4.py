"""Tables 1 to 4: MUSIQ, MUSIQ-single and the classical methods on one data set."""

from dataclasses import replace

from musiq.evaluate.paper import find_table
from musiq.reproduce.experiment import Claim, Experiment, Row

SINGLE, MULTI = "MUSIQ-single", "MUSIQ"
BRISQUE, FLOOR = "BRISQUE features + SVR", "NSS statistics + ridge"
PAPER_NAMES = {"BRISQUE": BRISQUE}  # of the paper's rows that have another label here

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


def printed_for(data: str) -> Experiment:
    """The experiment with the paper's figures on the data set of this name, where it prints any."""
    table = find_table(data)
    if table is None:
        return TABLES1TO4
    printed = {PAPER_NAMES.get(row.method, row.method): (row.srcc, row.plcc) for row in table.rows}
    rows = [
        replace(row, srcc=printed[row.label][0], plcc=printed[row.label][1]) if row.label in printed else row
        for row in TABLES1TO4.rows
    ]
    return replace(TABLES1TO4, rows=tuple(rows), paper_data=f"{data}, split {table.split}")
