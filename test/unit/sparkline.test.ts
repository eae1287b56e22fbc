import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { sparkline } from "../../src/editor/hovers/sparkline.ts";

const colors = { line: "#111111", mark: "#222222" };

function points(svg: string | null): readonly (readonly number[])[] {
  const text = /points="([^"]*)"/.exec(svg ?? "")?.[1] ?? "";
  return text.split(" ").map((pair) => pair.split(",").map(Number));
}

describe("a sparkline", () => {
  it("goes from left to right, with larger values higher", () => {
    const [first, second, third] = points(sparkline([1, 3, 2], colors));
    assert.ok(first && second && third);
    assert.ok((first[0] ?? 0) < (second[0] ?? 0) && (second[0] ?? 0) < (third[0] ?? 0));
    assert.ok((second[1] ?? 0) < (third[1] ?? 0) && (third[1] ?? 0) < (first[1] ?? 0));
  });

  it("draws equal values as a line in the middle, and any finite ones inside the picture", () => {
    assert.deepEqual(
      points(sparkline([5, 5], colors)).map(([, y]) => y),
      [16, 16],
    );
    for (const [x = -1, y = -1] of points(sparkline([-Number.MAX_VALUE, Number.MAX_VALUE, 0], colors))) {
      assert.ok(x >= 0 && x <= 160 && y >= 0 && y <= 32, `${x},${y}`);
    }
  });

  it("leaves out what is not finite, and is none for fewer than two values", () => {
    assert.equal(points(sparkline([1, Number.NaN, 3], colors)).length, 2);
    assert.equal(sparkline([1], colors), null);
    assert.equal(sparkline([1, Number.POSITIVE_INFINITY], colors), null);
    assert.equal(sparkline([], colors), null);
  });

  it("stays small with many values, and keeps a spike", () => {
    const values = Array.from({ length: 100_000 }, (_, index) => (index === 50_001 ? 1_000 : index % 7));
    const drawn = points(sparkline(values, colors));
    assert.ok(drawn.length <= 161, String(drawn.length));
    assert.equal(Math.min(...drawn.map(([, y = 99]) => y)), 4);
  });

  it("marks the value that is asked for", () => {
    const svg = sparkline([0, 10, 0], colors, 1) ?? "";
    assert.match(svg, /<circle cx="80" cy="4" r="3" fill="#222222"\/>/);
  });
});
