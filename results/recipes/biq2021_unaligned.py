"""`biq2021_mixed` without the line between the data sets' scales and without the loss on order: for comparison."""

from dataclasses import replace

from musiq.train.recipe import load_recipe

recipe = replace(load_recipe("biq2021_mixed"), name="biq2021_unaligned", align=False, ranking=0.0)
