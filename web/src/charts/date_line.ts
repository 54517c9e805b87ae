// Outlines that go over the date line jump from one side of a flat map to the other: they are cut there. Pure.
import type { Geometry, Position } from 'geojson';

// Cuts the polygons of `geometry` at 180°, in place: the part beyond lies on the other side of the map.
export function cut_at_date_line(geometry: Geometry): void {
  if (geometry.type !== 'Polygon' && geometry.type !== 'MultiPolygon') return;
  const polygons = geometry.type === 'Polygon' ? [geometry.coordinates] : geometry.coordinates;
  if (!polygons.some((rings) => rings.some(crosses))) return;
  (geometry as { type: string }).type = 'MultiPolygon';
  geometry.coordinates = polygons.flatMap((rings) => (rings.some(crosses) ? cut(rings) : [rings])) as never;
}

const crosses = (ring: Position[]) => ring.some((place, at) => at > 0 && Math.abs(place[0]! - ring[at - 1]![0]!) > 180);

function cut(rings: Position[][]): Position[][][] {
  const whole = rings.map(unwrap);
  return [0, 1, -1].flatMap((turn) => {
    const parts = whole.map((ring) => side(side(shift(ring, -360 * turn), 180, 1), -180, -1)).filter((ring) => ring.length > 3);
    return parts.length > 0 ? [parts] : [];
  });
}

// Longitudes that go on beyond 180° instead of jumping.
function unwrap(ring: Position[]): Position[] {
  let turn = 0;
  return ring.map((place, at) => {
    const step = at > 0 ? place[0]! - ring[at - 1]![0]! : 0;
    if (step > 180) turn -= 360;
    else if (step < -180) turn += 360;
    return [place[0]! + turn, place[1]!];
  });
}

const shift = (ring: Position[], by: number): Position[] => ring.map(([longitude, latitude]) => [longitude! + by, latitude!]);

// The part of the ring on one side of a meridian (Sutherland and Hodgman, 1974): `sign` 1 keeps what lies west of it, -1 what lies east.
function side(ring: Position[], meridian: number, sign: 1 | -1): Position[] {
  const inside = (place: Position) => sign * (place[0]! - meridian) <= 0;
  const out: Position[] = [];
  ring.slice(1).forEach((place, index) => {
    const before = ring[index]!;
    if (inside(before) !== inside(place)) {
      const portion = (meridian - before[0]!) / (place[0]! - before[0]!);
      out.push([meridian, before[1]! + (place[1]! - before[1]!) * portion]);
    }
    if (inside(place)) out.push(place);
  });
  return out.length > 0 ? [...out, out[0]!] : out;
}
