r"""Two parts of BIQ2021 with scales of their own at once, small enough for a CPU.

    python tools/make_biq2021_parts.py biq.csv parts
    musiq train biq2021_mixed --data parts/mild.csv --images IMAGES --mos-range 0:1 \
        --data parts/severe.csv --images IMAGES --mos-range 1:5 --out runs/mixed
"""

from dataclasses import replace

from musiq.train.recipe import load_recipe

recipe = replace(load_recipe("biq2021"), name="biq2021_mixed", ranking=0.5)
