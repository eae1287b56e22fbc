"""Tells how well each held-out digit is recognised, and for which other digit it is taken."""

from files import read_digits, read_json, write_json, write_table
from network import CLASSES, Network


def main():
    network = Network(**read_json("model.json")["network"])
    images, digits = read_digits("prepared/test.csv")
    guesses = [network.classify(image) for image in images]
    pairs = list(zip(digits, guesses))

    recall = {}
    for digit in sorted(set(digits)):
        taken_for = [guess for actual, guess in pairs if actual == digit]
        recall[digit] = taken_for.count(digit) / len(taken_for)
    hardest = min(recall, key=recall.get)
    write_json("evaluation.json", {"hardest_digit": hardest, "hardest_recall": recall[hardest]}, indent=2)
    write_table("confusion.csv", ["actual", "predicted"], pairs)

    print("actual \\ predicted")
    print("   " + "".join(f"{digit:4}" for digit in range(CLASSES)))
    for digit in range(CLASSES):
        print(f"{digit:3}" + "".join(f"{pairs.count((digit, guess)) or '·':>4}" for guess in range(CLASSES)))
    recognised = sum(actual == guess for actual, guess in pairs)
    print(f"{recognised} of {len(pairs)} digits recognised; the hardest is {hardest}")


if __name__ == "__main__":
    main()
