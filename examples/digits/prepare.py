"""Scales the pixels to 0…1, shuffles the digits and holds some of them out for testing."""

import os
import random

from files import read_digits, write_text
from parameters import read_parameters

BRIGHTEST = 16


def main():
    parameters = read_parameters("prepare", test_share=float, seed=int)
    if not 0 < parameters.test_share < 1:
        raise SystemExit("params.yaml: prepare.test_share must lie between 0 and 1, such as 0.2.")
    images, digits = read_digits("data/digits.csv")
    examples = [
        [pixel / BRIGHTEST for pixel in image] + [digit] for image, digit in zip(images, digits)
    ]
    random.Random(parameters.seed).shuffle(examples)
    test_count = round(len(examples) * parameters.test_share)
    os.makedirs("prepared", exist_ok=True)
    for name, part in (("test", examples[:test_count]), ("train", examples[test_count:])):
        write_text(f"prepared/{name}.csv", "".join(",".join(map(str, row)) + "\n" for row in part))
        print(f"{len(part)} digits to {name} with")


if __name__ == "__main__":
    main()
