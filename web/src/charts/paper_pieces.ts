// A picture that is higher than a page: a page break cannot go through a canvas, so it is laid out as several, one under the other.

const PIECE_HEIGHT_MIN = 160;

// Where pieces begin and end, in pixels from the top: at places where nothing is cut in two, few enough to be drawn quickly and low enough
// to fill a page well.
export function piece_edges(height: number, breaks: readonly number[]): number[] {
  const edges = [0];
  for (const place of breaks) {
    if (place - edges.at(-1)! >= PIECE_HEIGHT_MIN && height - place >= PIECE_HEIGHT_MIN / 2) edges.push(place);
  }
  return [...edges, height];
}

// Puts pieces of the drawn picture into `place`.
export function lay_in_pieces(picture: HTMLCanvasElement, place: HTMLElement, height: number, breaks: readonly number[]): void {
  const scale = picture.height / height;
  const edges = piece_edges(height, breaks);
  const pieces = edges.slice(1).map((bottom, index) => {
    const [from, to] = [Math.round(edges[index]! * scale), Math.round(bottom * scale)];
    const piece = document.createElement('canvas');
    piece.width = picture.width;
    piece.height = to - from;
    piece.style.height = `${bottom - edges[index]!}px`;
    piece.getContext('2d')!.drawImage(picture, 0, from, picture.width, to - from, 0, 0, picture.width, to - from);
    return piece;
  });
  place.replaceChildren(...pieces);
}
