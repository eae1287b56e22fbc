"""Reading and writing the files of this example."""

import json
import os


def read_digits(path):
    """Returns the images (64 numbers each) and the digits that they show."""
    images, digits = [], []
    with open(path, encoding="ascii") as file:
        for line in file:
            *pixels, digit = line.split(",")
            images.append([float(pixel) for pixel in pixels])
            digits.append(int(digit))
    return images, digits


def write_text(path, text):
    """Replaces a file in one step: whoever reads it, and whoever ends this program, finds the old or the new content."""
    temporary = path + ".new"
    with open(temporary, "w", encoding="utf-8", newline="\n") as file:
        file.write(text)
    os.replace(temporary, path)


def write_table(path, header, rows):
    lines = [",".join(str(cell) for cell in row) for row in [header, *rows]]
    write_text(path, "\n".join(lines) + "\n")


def read_json(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def write_json(path, value, indent=None):
    write_text(path, json.dumps(value, indent=indent) + "\n")
