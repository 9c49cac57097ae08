"""Makes a data set of each of BIQ2021's three subsets, to train on one and test on the others.

    python tools/make_biq2021_subsets.py biq.csv IMAGES OUT_FOLDER

`biq.csv` is what tools/split_biq2021.py writes. OUT_FOLDER gets ss01.csv, ss02.csv and ss03.csv: of each subset, which
the names of the photos tell, at most so many photos of train, val and test as `--count` says, drawn by seed.
"""

import argparse
from pathlib import Path

from musiq.data.csv import read_csv, write_csv
from musiq.data.record import DataSet
from musiq.reproduce.workshop import reduce_data

SUBSETS = ("ss01", "ss02", "ss03")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("table", type=Path)
    parser.add_argument("images", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--count", type=int, nargs=3, metavar=("TRAIN", "VAL", "TEST"), default=(800, 90, 400))
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    records = read_csv(options.table, options.images).records
    train, val, test = options.count
    for subset in SUBSETS:
        chosen = DataSet(subset, tuple(record for record in records if record.name.startswith(subset)))
        write_csv(options.out / f"{subset}.csv", reduce_data(chosen, (train, val, test)).records, options.images)


if __name__ == "__main__":
    main()
