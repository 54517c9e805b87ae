// Long series are thinned to the pixels of their picture: what is left out would have been drawn on top of what is kept.

// Which values a line of `pixels` pixels needs: of each pixel the first, the last, the lowest and the highest, and at its sides the gaps.
// `xs` ascend. Returns positions in ascending order; the ends are always among them.
export function thin_positions(xs: readonly number[], values: readonly (number | null)[], pixels: number): number[] {
  const count = xs.length;
  if (count <= 2 * pixels) return xs.map((_, at) => at);
  const start = xs[0]!;
  const width = (xs[count - 1]! - start) / Math.max(1, pixels);
  const kept: number[] = [];
  for (let from = 0; from < count; ) {
    const pixel = width > 0 ? Math.floor((xs[from]! - start) / width) : 0;
    let [to, low, high] = [from, -1, -1];
    for (; to < count && (width > 0 ? Math.floor((xs[to]! - start) / width) : 0) === pixel; to += 1) {
      const value = values[to] ?? null;
      if (value === null) continue;
      if (low < 0 || value < values[low]!) low = to;
      if (high < 0 || value > values[high]!) high = to;
    }
    for (const at of [from, ...[low, high].sort((a, b) => a - b), to - 1]) {
      if (at >= 0 && at > (kept[kept.length - 1] ?? -1)) kept.push(at);
    }
    from = to;
  }
  return kept;
}

// The place of the value in ascending `xs` that is nearest to `x`; -1 when there is none.
export function nearest_position(xs: readonly number[], x: number): number {
  let [low, high] = [0, xs.length - 1];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (xs[middle]! < x) low = middle + 1;
    else high = middle;
  }
  return low > 0 && x - xs[low - 1]! < xs[low]! - x ? low - 1 : xs.length === 0 ? -1 : low;
}
