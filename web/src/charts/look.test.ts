import assert from 'node:assert/strict';
import { test } from 'node:test';
import { contrast, DARK, LIGHT, ramp_color, ramp_extent, shades, text_on } from './look';

const LOOKS = [LIGHT, DARK];

test('text stands out from the surface by 4.5:1, shades by 3:1', () => {
  for (const look of LOOKS) {
    for (const ink of [look.ink, look.ink_soft, look.ink_faint, look.good, look.bad, look.highlight]) assert.ok(contrast(ink, look.surface) >= 4.5, `${ink} on ${look.surface}`);
    for (const shade of [...look.greys.flat(), ...look.categories]) assert.ok(contrast(shade, look.surface) >= 3, `${shade} on ${look.surface}`);
  }
});

test('up to three things are greys, neighbours of which differ by 2.2:1', () => {
  for (const look of LOOKS) {
    for (const count of [2, 3]) {
      const greys = shades(look, count);
      greys.slice(1).forEach((grey, at) => assert.ok(contrast(grey, greys[at]!) >= 2.2, `${greys[at]} beside ${grey}`));
      assert.ok(greys.every((grey) => grey.slice(1, 3) === grey.slice(3, 5)));
    }
  }
});

// Machado, Oliveira and Fernandes 2009: what people without one kind of cones see.
const SEEN: Record<string, number[][]> = {
  all: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  'no red': [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
  'no green': [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.01182, 0.04294, 0.968881]],
  'no blue': [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.3039]],
};

// Oklab, a hundredfold: 2 is the least difference that is seen side by side.
function place(color: string, seen: number[][]): number[] {
  const linear = [1, 3, 5].map((at) => Number.parseInt(color.slice(at, at + 2), 16) / 255).map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4));
  const [red, green, blue] = seen.map((row) => Math.min(1, Math.max(0, row.reduce((sum, weight, at) => sum + weight * linear[at]!, 0))));
  const cones = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566], [0.0883024619, 0.2817188376, 0.6299787005]].map((row) => Math.cbrt(row[0]! * red! + row[1]! * green! + row[2]! * blue!));
  return [[0.2104542553, 0.793617785, -0.0040720468], [1.9779984951, -2.428592205, 0.4505937099], [0.0259040371, 0.7827717662, -0.808675766]].map((row) => 100 * row.reduce((sum, weight, at) => sum + weight * cones[at]!, 0));
}

test('all colours of the categorical scale differ for people who see no red, no green or no blue', () => {
  for (const look of LOOKS) {
    for (const [who, seen] of Object.entries(SEEN)) {
      const places = look.categories.map((color) => place(color, seen));
      places.forEach((one, at) =>
        places.slice(0, at).forEach((other, before) => {
          const distance = Math.hypot(...one.map((value, axis) => value - other[axis]!));
          assert.ok(distance >= 9, `${look.categories[at]} and ${look.categories[before]}, ${who}: ${distance.toFixed(1)}`);
        }),
      );
    }
    look.categories.slice(1).forEach((color, at) => assert.ok(contrast(color, look.categories[at]!) >= 1.6, `${look.categories[at]} beside ${color}`));
  }
});

test('text on any place of the ramp is readable', () => {
  for (const look of LOOKS) for (let at = 0; at <= 100; at += 1) assert.ok(contrast(text_on(ramp_color(look, at / 100)), ramp_color(look, at / 100)) >= 4.5);
});

test('the ramp starts at the data where all of it is far from nothing', () => {
  assert.deepEqual(ramp_extent([54, 83]), [54, 83]);
  assert.deepEqual(ramp_extent([1, 330]), [0, 330]);
  assert.deepEqual(ramp_extent([-3, 5]), [-3, 5]);
  assert.deepEqual(ramp_extent([7]), [0, 7]);
  assert.deepEqual(ramp_extent([]), [0, 1]);
});
