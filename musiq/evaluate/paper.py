"""The paper's Tables 1 to 4 (Ke et al., ICCV 2021, arXiv:2108.05997) as printed."""

from dataclasses import dataclass

Value = float | None  # None where the paper prints a dash


@dataclass(frozen=True)
class PaperRow:
    """One method. `accuracy` (two-class, share) and `mse` are printed for AVA only."""

    method: str
    srcc: Value
    plcc: Value
    accuracy: Value = None
    mse: Value = None


@dataclass(frozen=True)
class PaperTable:
    """One test set of one table.

    Attributes:
        number: of the table.
        data: name of the data set on the command line.
        split: the split that the figures are of.
        rows: in the printed order; the last is MUSIQ.
        std: printed standard deviation of MUSIQ's figures. That of AVA's accuracy, 0.121, is probably in per cent.
    """

    number: int
    data: str
    split: str
    rows: tuple[PaperRow, ...]
    std: PaperRow


PAQ2PIQ_VAL = PaperTable(
    1,
    "paq2piq",
    "val",
    (
        PaperRow("BRISQUE", 0.303, 0.341),
        PaperRow("NIQE", 0.094, 0.131),
        PaperRow("CNNIQA", 0.259, 0.242),
        PaperRow("NIMA", 0.521, 0.609),
        PaperRow("Ying et al.", 0.562, 0.649),
        PaperRow("MUSIQ-single", 0.563, 0.651),
        PaperRow("MUSIQ", 0.566, 0.661),
    ),
    PaperRow("std", 0.002, 0.003),
)
PAQ2PIQ_TEST = PaperTable(
    1,
    "paq2piq",
    "test",
    (
        PaperRow("BRISQUE", 0.288, 0.373),
        PaperRow("NIQE", 0.211, 0.288),
        PaperRow("CNNIQA", 0.266, 0.223),
        PaperRow("NIMA", 0.583, 0.639),
        PaperRow("Ying et al.", 0.601, 0.685),
        PaperRow("MUSIQ-single", 0.640, 0.721),
        PaperRow("MUSIQ", 0.646, 0.739),
    ),
    PaperRow("std", 0.005, 0.006),
)
KONIQ10K = PaperTable(
    2,
    "koniq10k",
    "test",
    (
        PaperRow("BRISQUE", 0.665, 0.681),
        PaperRow("ILNIQE", 0.507, 0.523),
        PaperRow("HOSA", 0.671, 0.694),
        PaperRow("BIECON", 0.618, 0.651),
        PaperRow("WaDIQaM", 0.797, 0.805),
        PaperRow("PQR", 0.880, 0.884),
        PaperRow("SFA", 0.856, 0.872),
        PaperRow("DBCNN", 0.875, 0.884),
        PaperRow("MetaIQA", 0.850, 0.887),
        PaperRow("BIQA (25 crops)", 0.906, 0.917),
        PaperRow("MUSIQ-single", 0.905, 0.919),
        PaperRow("MUSIQ", 0.916, 0.928),
    ),
    PaperRow("std", 0.002, 0.003),
)
SPAQ = PaperTable(
    3,
    "spaq",
    "test",
    (
        PaperRow("DIIVINE", 0.599, 0.600),
        PaperRow("BRISQUE", 0.809, 0.817),
        PaperRow("CORNIA", 0.709, 0.725),
        PaperRow("QAC", 0.092, 0.497),
        PaperRow("ILNIQE", 0.713, 0.721),
        PaperRow("FRIQUEE", 0.819, 0.830),
        PaperRow("DBCNN", 0.911, 0.915),
        PaperRow("Fang et al. (w/o extra info)", 0.908, 0.909),
        PaperRow("MUSIQ-single", 0.917, 0.920),
        PaperRow("MUSIQ", 0.917, 0.921),
    ),
    PaperRow("std", 0.002, 0.002),
)
AVA = PaperTable(
    4,
    "ava",
    "test",
    (
        PaperRow("MNA-CNN-Scene", None, None, 0.765),
        PaperRow("Kong et al.", 0.558, None, 0.773),
        PaperRow("AMP", 0.709, None, 0.803, 0.279),
        PaperRow("A-Lamp (50 crops)", None, None, 0.825),
        PaperRow("NIMA (VGG16)", 0.592, 0.610, 0.806),
        PaperRow("NIMA (Inception-v2)", 0.612, 0.636, 0.815),
        PaperRow("MP_ada (>= 32 crops)", None, None, 0.830),
        PaperRow("Zeng et al. (ResNet101)", 0.719, 0.720, 0.808, 0.275),
        PaperRow("Hosu et al. (20 crops)", 0.756, 0.757, 0.817),
        PaperRow("AFDC + SPP (single warp)", 0.648, None, 0.830, 0.273),
        PaperRow("AFDC + SPP (4 warps)", 0.649, 0.671, 0.832, 0.271),
        PaperRow("MUSIQ-single", 0.719, 0.731, 0.814, 0.247),
        PaperRow("MUSIQ", 0.726, 0.738, 0.815, 0.242),
    ),
    PaperRow("std", 0.001, 0.001, 0.121, 0.001),
)
TABLES = (PAQ2PIQ_VAL, PAQ2PIQ_TEST, KONIQ10K, SPAQ, AVA)


def find_table(data: str, splits: tuple[str, ...] = ()) -> PaperTable | None:
    """The paper's figures on a data set: of its validation split if that alone was used, else of its test split."""
    split = "val" if splits == ("val",) else "test"
    return next((table for table in TABLES if (table.data, table.split) == (data, split)), None)
