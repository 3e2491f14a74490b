"""Forecasts a second time, from the definitions. Reads [{"values": [...], "steps": [...]}] from the named file and
prints, for each case and number of steps, value, low_80, high_80, low_95, high_95, model_error and baseline_error."""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).with_name("second_way")))

from smoothing import ahead

with open(sys.argv[1], encoding="utf-8") as file:
    cases = json.load(file)
print(json.dumps([ahead(case["values"], case["steps"]) for case in cases]))
